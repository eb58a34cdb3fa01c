"""The rules of the signals once more, slow and plain, written from their words.

Each function takes events of any sessions in any order and returns what must be found.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from tests.unit.signals.signal_events import Row

Found = list[tuple[Any, ...]]


def milliseconds(later: Row, earlier: Row) -> int:
    gap: timedelta = later["timestamp"] - earlier["timestamp"]
    return gap // timedelta(milliseconds=1)


def order(row: Row) -> tuple[Any, str]:
    return row["timestamp"], row["event_id"]


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
    ]


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
