"""Funnel: how many sessions take steps in their order, within a time of the first."""

from pages.marts import Row
from pages.shown import Ask, Shown, Table
from pages.view import of_visits

MOST_STEPS = 8
WINDOWS = {"10m": 600, "30m": 1_800, "1h": 3_600, "1d": 86_400}
WINDOW_LABELS = {"10m": "10 minutes", "30m": "30 minutes", "1h": "1 hour", "1d": "a day"}
# What a step may be: a page, a click on a selector, a custom event by name, a form sent.
KINDS = {
    "page": "event_type = 'page_view' AND path = {{{name}:String}}",
    "click": "event_type = 'click' AND ifNull(target_selector, '') = {{{name}:String}}",
    "event": "event_type = 'custom' AND custom_name = {{{name}:String}}",
    "form": "event_type = 'form_submit' AND ifNull(form_id, '') = {{{name}:String}}",
}
# `*` at the end of a page stands for any ending.
PREFIX = "event_type = 'page_view' AND startsWith(path, {{{name}:String}})"
REACHED = """
SELECT is_now, level, count() AS sessions FROM (
    SELECT session_id, any(is_now) AS is_now,
        windowFunnel({{window:UInt64}})(toUInt64(toUnixTimestamp64Milli(timestamp)),
            {steps}) AS level
    FROM (
        SELECT session_id, timestamp, event_type, path, target_selector, custom_name, form_id,
            event_date >= {{since:Date}} AS is_now
        FROM gosight.events
        WHERE project_id = {{project:String}} AND NOT is_excluded
          AND event_date BETWEEN {{before:Date}} AND {{until:Date}}
          AND ({any}){only}
    )
    GROUP BY session_id
)
GROUP BY is_now, level
"""
PATHS = """
SELECT path FROM gosight.page_views
WHERE project_id = {project:String} AND day BETWEEN {since:Date} AND {until:Date}
GROUP BY path ORDER BY count() DESC, path LIMIT 200
"""


def show(ask: Ask) -> Shown:
    """The steps of the address, one a line or separated by commas."""
    given = ask.view.given
    steps = steps_of(given.get("steps", ""))
    window = given.get("window", "30m")
    window = window if window in WINDOWS else "30m"
    rows = _reached(ask, steps, WINDOWS[window]) if steps else []
    data = {
        "text": "\n".join(steps),
        "steps": rows,
        "window": window,
        "windows": WINDOW_LABELS,
        "paths": [row["path"] for row in ask.marts.rows(PATHS, ask.view.parameters())],
        "worst": max(range(1, len(rows)), key=lambda i: rows[i]["lost"], default=0),
        "most_steps": MOST_STEPS,
    }
    return Shown("funnel.html", "Funnel", data, (Table("funnel", rows),))


def steps_of(text: str) -> list[str]:
    """What was typed in, cleaned: at most MOST_STEPS."""
    lines = (line.strip() for line in text.replace(",", "\n").splitlines())
    return [line for line in lines if line][:MOST_STEPS]


def condition(step: str, name: str) -> tuple[str, str]:
    """SQL of a step with its value as parameter `name`, and that value."""
    kind, _, value = step.partition(":")
    if kind not in KINDS or not value:
        kind, value = "page", step
    if kind == "page" and value.endswith("*"):
        return PREFIX.format(name=name), value[:-1]
    return KINDS[kind].format(name=name), value


def _reached(ask: Ask, steps: list[str], window_s: int) -> list[Row]:
    named = [condition(step, f"step{i}") for i, step in enumerate(steps)]
    sql = REACHED.format(
        steps=", ".join(sql for sql, _ in named),
        any=" OR ".join(f"({sql})" for sql, _ in named),
        only=of_visits(ask.view),
    )
    parameters = {
        **ask.view.parameters(),
        "window": window_s * 1_000,  # in the unit of the time it is given
        **{f"step{i}": value for i, (_, value) in enumerate(named)},
    }
    levels = ask.marts.rows(sql, parameters)
    now, before = (
        [_from(levels, i + 1, is_now) for i in range(len(steps))] for is_now in (True, False)
    )
    return [_step(steps, now, before, i) for i in range(len(steps))]


def _from(levels: list[dict[str, int]], level: int, is_now: bool) -> int:
    return sum(r["sessions"] for r in levels if r["level"] >= level and bool(r["is_now"]) == is_now)


def _step(steps: list[str], now: list[int], before: list[int], i: int) -> Row:
    return {
        "step": i + 1,
        "name": steps[i],
        "sessions": now[i],
        "of_all": now[i] / now[0] if now[0] else 0.0,
        "of_before": now[i] / now[i - 1] if i and now[i - 1] else (1.0 if not i else 0.0),
        "lost": now[i - 1] - now[i] if i else 0,
        "sessions_before": before[i],
        "of_all_before": before[i] / before[0] if before[0] else None,
    }
