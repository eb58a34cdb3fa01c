"""The rules of the signals once more, slow and plain, written from their words.

Each function takes events of any sessions in any order and returns what must be found.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from math import acos, degrees, dist, hypot
from typing import Any

from tests.unit.signals.signal_events import Row, with_views

Found = list[tuple[Any, ...]]


def milliseconds(later: Row, earlier: Row) -> int:
    gap: timedelta = later["timestamp"] - earlier["timestamp"]
    return gap // timedelta(milliseconds=1)


def order(row: Row) -> tuple[Any, ...]:
    return row["timestamp"], row["sent_order"], row["event_id"]


def groups(rows: Iterable[Row], key: Callable[[Row], tuple[Any, ...]]) -> list[list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=order):
        found[key(row)].append(row)
    return list(found.values())


def session(row: Row) -> tuple[Any, ...]:
    return row["project_id"], row["session_id"]


def is_left_click(row: Row) -> bool:
    return bool(row["event_type"] == "click" and row["click_button"] == "left")


def rage_clicks(rows: list[Row], least: int = 3, longest_ms: int | None = None) -> Found:
    """(project, session, path, click ids), one per burst."""
    clicks = [
        row
        for row in rows
        if is_left_click(row)
        and row["click_x"] is not None
        and row["click_y"] is not None
        and not row["target_is_editable"]
    ]
    bursts: list[list[Row]] = []
    for spot in groups(clicks, lambda row: (*session(row), row["path"], row["target_selector"])):
        burst: list[Row] = []
        for click in spot:
            if burst and takes(burst, click, longest_ms):
                burst.append(click)
            else:
                burst = [click]
                bursts.append(burst)
    return [
        (*session(burst[0]), burst[0]["path"], [click["event_id"] for click in burst])
        for burst in bursts
        if len(burst) >= least
        and not selects_text(burst)
        and not all(is_taken(click, rows) for click in burst)
    ]


def is_taken(click: Row, rows: list[Row]) -> bool:
    """The page answers within a second, before anything is clicked again."""
    later = [
        row
        for row in rows
        if session(row) == session(click)
        and order(row) > order(click)
        and row["event_type"] in ("click", "input_change", "custom", "page_view")
    ]
    following = min(later, key=order, default=click)
    return following["event_type"] != "click" and milliseconds(following, click) <= 1000


def selects_text(burst: list[Row]) -> bool:
    """Three quick clicks on one spot of nothing interactive."""
    return (
        len(burst) == 3
        and not any(click["target_is_interactive"] for click in burst)
        and all(
            milliseconds(later, click) <= 500
            and (later["click_x"] - click["click_x"]) ** 2
            + (later["click_y"] - click["click_y"]) ** 2
            <= 5**2
            for click, later in pairwise(burst)
        )
    )


def takes(burst: list[Row], click: Row, longest_ms: int | None) -> bool:
    across = click["click_x"] - burst[0]["click_x"]
    down = click["click_y"] - burst[0]["click_y"]
    return (
        milliseconds(click, burst[-1]) <= 1000
        and across**2 + down**2 <= 50**2
        and (longest_ms is None or milliseconds(click, burst[0]) <= longest_ms)
    )


def error_clicks(rows: list[Row]) -> Found:
    """(project, session, path, click id and error ids), one per click."""
    found: dict[str, list[Row]] = defaultdict(list)
    for page in groups(rows, lambda row: (*session(row), row["path"])):
        for index, error in enumerate(page):
            if error["event_type"] not in ("js_error", "unhandled_rejection"):
                continue
            earlier = [row for row in page[:index] if is_left_click(row)]
            if earlier and milliseconds(error, earlier[-1]) <= 1000:
                key = repr((*session(error), earlier[-1]["event_id"]))
                found[key] = (found[key] or [earlier[-1]]) + [error]
    return [
        (*session(rows[0]), rows[0]["path"], [row["event_id"] for row in rows])
        for rows in found.values()
    ]


def dead_clicks(rows: list[Row]) -> Found:
    """(project, session, path, click id); no replay, so each is inferred."""
    return [
        (*session(click), click["path"], [click["event_id"]])
        for events in groups(rows, session)
        for click in events
        if is_left_click(click)
        and click["target_is_interactive"]
        and not click["target_is_answered_by_browser"]
        and milliseconds(events[-1], click) >= 2500
        and not any(answers(event, click) for event in events)
    ]


def answers(event: Row, click: Row) -> bool:
    kind = event["event_type"]
    begun_ms = milliseconds(event, click)
    if kind in ("xhr_request", "fetch_request", "websocket"):
        begun_ms -= event["request_duration_ms"] or 0
    elif not (
        kind in ("page_view", "page_exit", "page_hidden", "custom", "session_end")
        or kind.startswith(("scroll", "input_", "form_"))
    ):
        return False
    if begun_ms == 0:
        return order(event) > order(click)
    return 0 < begun_ms <= 2500


def journey_steps(rows: list[Row]) -> Found:
    """(project, session, step, path, dwell_ms, run_length, view id)."""
    found: Found = []
    for events in groups(rows, session):
        runs: list[list[Row]] = []
        for view in events:
            if view["event_type"] != "page_view":
                continue
            if runs and runs[-1][0]["path"] == view["path"]:
                runs[-1].append(view)
            else:
                runs.append([view])
        for step, run in enumerate(runs, start=1):
            next_event = runs[step][0] if step < len(runs) else events[-1]
            found.append(
                (
                    *session(run[0]),
                    step,
                    run[0]["path"],
                    milliseconds(next_event, run[0]),
                    len(run),
                    run[0]["event_id"],
                )
            )
    return found


def u_turns(rows: list[Row]) -> Found:
    """(project, session, path, the three page views)."""
    found: Found = []
    for events in groups(rows, session):
        steps: list[Row] = []
        for view in events:
            if view["event_type"] != "page_view":
                continue
            if not steps or steps[-1]["path"] != view["path"]:
                steps.append(view)
        for before, away, back in zip(steps, steps[1:], steps[2:], strict=False):
            stay = events[events.index(away) : events.index(back)]
            submitted = any(
                row["event_type"] == "form_submit" and row["path"] == away["path"] for row in stay
            )
            is_back = before["path"] == back["path"] and milliseconds(back, away) <= 10_000
            if is_back and not submitted:
                ids = [before["event_id"], away["event_id"], back["event_id"]]
                found.append((*session(away), away["path"], ids))
    return found


def slow_pages(rows: list[Row]) -> Found:
    """(project, session, path, page view and timings), one per view."""
    timings = [row for row in with_views(rows) if row["event_type"] in ("page_load", "web_vitals")]
    views = groups(timings, lambda row: (*session(row), row["view_id"] or row["event_id"]))
    return [
        (
            *session(view[0]),
            view[0]["path"],
            [view[0]["view_id"]] * (view[0]["view_id"] is not None)
            + [row["event_id"] for row in view],
        )
        for view in views
        if max([0, *told(view, "lcp")]) > 4000
        or [*told(view, "ttfb"), 0][0] > 1800
        or [*told(view, "load_complete"), 0][0] > 6000
    ]


def told(view: list[Row], timing: str) -> list[int]:
    return [row[timing] for row in view if row[timing] is not None]


def form_abandonments(rows: list[Row]) -> Found:
    """(project, session, path, changes), one per view."""
    found: Found = []
    on_views = [row for row in with_views(rows) if row["view_id"] is not None]
    for view in groups(on_views, lambda row: (*session(row), row["view_id"])):
        changes: list[Row] = []
        submitted = False
        previous = view[0]
        for row in view:
            if changes and milliseconds(row, previous) >= 30 * 60 * 1000:
                break
            previous = row
            if row["event_type"] == "page_exit" and changes:
                break
            submitted = submitted or row["event_type"] == "form_submit"
            changes += [row] * (row["event_type"] == "input_change")
        if changes and not submitted:
            found.append(
                (*session(view[0]), view[0]["path"], [change["event_id"] for change in changes])
            )
    return found


def thrashed_cursors(rows: list[Row]) -> Found:
    """(project, session, path, moves), one per window."""
    found: Found = []
    for events in groups(rows, session):
        moves = {row["event_id"]: row for row in events if row["event_type"] == "mouse_move"}
        ordered: list[tuple[Any, ...]] = sorted(
            (when(row) + t, row["sent_order"], row["event_id"], index, x, y)
            for row in moves.values()
            for index, (t, x, y) in enumerate(
                zip(row["move_t"], row["move_x"], row["move_y"], strict=True)
            )
            if (x, y) != (65535, 65535)
        )
        # Of one millisecond the last counts.
        samples = [
            (at, event_id, index, x, y)
            for (at, _, event_id, index, x, y), (next_at, *_) in pairwise([*ordered, (None,)])
            if at != next_at
        ]
        begin = 0
        for end in range(len(samples)):
            window = next(
                (
                    samples[first : end + 1]
                    for first in range(begin, end)
                    if 2000 <= samples[end][0] - samples[first][0] <= 5000
                    and is_thrashed(samples[first : end + 1])
                ),
                None,
            )
            if window:
                ids = {sample[1] for sample in window}
                related = [event_id for event_id in moves if event_id in ids]
                found.append((*session(events[0]), moves[related[0]]["path"], related))
                begin = end + 1
    return found


def when(row: Row) -> int:
    moment: datetime = row["timestamp"]
    return round(moment.timestamp() * 1000)


def is_thrashed(window: list[tuple[Any, ...]]) -> bool:
    span = window[-1][0] - window[0][0]
    if len(window) * 1000 < 8 * span:
        return False
    places = [sample[3:] for sample in window]
    legs = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(places)]
    path = sum(hypot(*leg) for leg in legs)
    reversals = sum(turns_back(one, two) for one, two in pairwise(legs))
    displacement = dist(places[0], places[-1])
    return (
        reversals >= 10
        and path * 1000 >= 500 * span * (1 - 1e-9)
        and path >= 4 * displacement * (1 - 1e-9)
    )


def turns_back(one: tuple[int, int], two: tuple[int, int]) -> bool:
    lengths = hypot(*one), hypot(*two)
    if min(lengths) < 30:
        return False
    cosine = (one[0] * two[0] + one[1] * two[1]) / (lengths[0] * lengths[1])
    return degrees(acos(max(-1.0, min(1.0, cosine)))) > 120
