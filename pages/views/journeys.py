"""Journeys: the ways people take, step by step, from an entry, from a page or to one."""

from pages.shown import Ask, Shown, Table
from pages.streams import END, sankey
from pages.view import of_visits

STEPS = (3, 4, 5, 6)
# Steps are counted from the session's first page, from a page's first view on, or back from it.
EDGES = """
SELECT at AS step, {source} AS source, {target} AS target, count() AS sessions FROM (
    SELECT j.session_id AS session_id, j.path AS path, j.next_path AS next_path,
        {at} AS at{previous}
    FROM (
        SELECT session_id, step, path, next_path{lag} FROM gosight.journeys
        WHERE project_id = {{project:String}}
          AND session_id IN (
              SELECT session_id FROM gosight.sessions WHERE project_id = {{project:String}}
              AND session_date BETWEEN {{since:Date}} AND {{until:Date}} AND NOT is_excluded){only}
    ) AS j{anchor}
)
WHERE at BETWEEN 1 AND {{steps:Int32}}
GROUP BY step, source, target ORDER BY step, sessions DESC, source, target
"""
ANCHOR = """
    INNER JOIN (
        SELECT session_id, {first}(step) AS anchor FROM gosight.journeys
        WHERE project_id = {{project:String}} AND path = {{page:String}}
        GROUP BY session_id
    ) AS a USING (session_id)"""
PATHS = """
SELECT path, count() AS steps FROM gosight.journeys
WHERE project_id = {project:String} AND day BETWEEN {since:Date} AND {until:Date}
GROUP BY path ORDER BY steps DESC, path LIMIT 200
"""
MODES = {"entry": "From where they came in", "from": "From a page", "to": "To a page"}


def show(ask: Ask) -> Shown:
    """The Sankey, and the same as a table with how many were lost at each step."""
    given = ask.view.given
    page = given.get("page", "")
    mode = given.get("mode", "entry" if not page else "from")
    mode = mode if mode in MODES and (page or mode == "entry") else "entry"
    steps = next((n for n in STEPS if str(n) == given.get("steps")), 5)
    rows = ask.marts.rows(_sql(ask, mode), {**ask.view.parameters(), "page": page, "steps": steps})
    edges = [(row["step"], row["source"], row["target"], row["sessions"]) for row in rows]
    drawn = sankey(edges, steps)
    paths = ask.marts.rows(PATHS, ask.view.parameters())
    data = {
        "sankey": drawn,
        "rows": rows,
        "losses": _losses(edges, steps),
        "mode": mode,
        "modes": MODES,
        "anchor": page,
        "steps": steps,
        "all_steps": STEPS,
        "paths": [row["path"] for row in paths],
        "sessions": sum(count for step, _, _, count in edges if step == 1),
    }
    return Shown("journeys.html", "Journeys", data, (Table("journeys", rows),))


def _sql(ask: Ask, mode: str) -> str:
    only = of_visits(ask.view)
    if mode == "to":
        # Back from the page: its step is 1, the one before it 2; streams run from right to left
        # in time, so the source is the page and the target what came before.
        return EDGES.format(
            source="path",
            target="previous",
            at="toInt32(anchor) - toInt32(j.step) + 1",
            previous=", j.previous AS previous",
            lag=", lagInFrame(path, 1, '') OVER (PARTITION BY session_id ORDER BY step"
            " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous",
            anchor=ANCHOR.format(first="min"),
            only=only,
        )
    at = "toInt32(j.step)" if mode == "entry" else "toInt32(j.step) - toInt32(anchor) + 1"
    anchor = "" if mode == "entry" else ANCHOR.format(first="min")
    return EDGES.format(
        source="path", target="next_path", at=at, previous="", lag="", anchor=anchor, only=only
    )


def _losses(edges: list[tuple[int, str, str, int]], steps: int) -> list[dict[str, float]]:
    """Of each step how many were there and how many left from it."""
    found = []
    for step in range(1, steps + 1):
        here = sum(count for at, _, _, count in edges if at == step)
        left = sum(count for at, _, target, count in edges if at == step and target == END)
        if here:
            found.append({"step": step, "sessions": here, "left": left, "rate": left / here})
    return found
