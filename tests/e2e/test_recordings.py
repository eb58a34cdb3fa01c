"""Sessions and journeys of real visits, beside a plain count straight from their files."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import PlannedWarehouse

Event = dict[str, Any]
Session = list[Event]
ERRORS = ("JS_ERROR", "UNHANDLED_REJECTION", "RESOURCE_ERROR", "CONSOLE_ERROR")


def kind(event: Event) -> str:
    return str(event["eventType"]).removeprefix("EVENT_TYPE_")


def at(event: Event) -> int:
    return int(event["timestamp"]["millis"])


def path(event: Event) -> str:
    page = event.get("page", {})
    return urlsplit(page.get("path") or page.get("url", "")).path.rstrip("/") or "/"


def recorded(file: Path) -> dict[str, Session]:
    """Events but replay by session, each once, in order."""
    events: dict[str, Event] = {}
    with gzip.open(file, "rt") as lines:
        for line in lines:
            events |= {event["eventId"]: event for event in json.loads(line)["events"]}
    sessions: dict[str, Session] = defaultdict(list)
    for event in sorted(events.values(), key=lambda one: (at(one), one["eventId"])):
        if kind(event) != "REPLAY":
            sessions[event["sessionId"]].append(event)
    return sessions


def counted(session: Session) -> tuple[Any, ...]:
    """What gosight.sessions says of a session."""
    kinds = [kind(event) for event in session]
    views = [event for event in session if kind(event) == "PAGE_VIEW"]
    places = [path(event) for event in views or session]
    depths = [event.get("scroll", {}).get("scrollDepthPercent", 0) for event in session]
    depths += [event.get("pageExit", {}).get("maxScrollDepth", 0) for event in session]
    return (
        *(at(session[0]), at(session[-1]), at(session[-1]) - at(session[0])),
        *(len(views), len(session), kinds.count("CLICK"), sum(map(kinds.count, ERRORS))),
        *(places[0], places[-1], len(views) == 1, max(depths)),
    )


def journey(session: Session) -> Iterator[tuple[Any, ...]]:
    """Step, path, start, time until the next step, page views in it."""
    views = [event for event in session if kind(event) == "PAGE_VIEW"]
    runs = [list(run) for _, run in groupby(views, key=path)]
    for number, run in enumerate(runs):
        left = at(runs[number + 1][0]) if number + 1 < len(runs) else at(session[-1])
        yield number + 1, path(run[0]), at(run[0]), left - at(run[0]), len(run)


@pytest.fixture
def visits(shared_data: Path) -> dict[str, Session]:
    return recorded(shared_data / "human_mouse.ndjson.gz") | recorded(
        shared_data / "rrweb_page.ndjson.gz"
    )


def test_sessions_are_a_plain_count_of_their_files(
    planned_warehouse: PlannedWarehouse, visits: dict[str, Session]
) -> None:
    rows = planned_warehouse.client.query(
        "SELECT toString(session_id), toUnixTimestamp64Milli(started_at),"
        " toUnixTimestamp64Milli(ended_at), duration_ms, page_count, event_count, click_count,"
        " error_count, entry_path, exit_path, toBool(is_bounce), max_scroll_depth"
        " FROM gosight.sessions WHERE project_id = {p:String}",
        parameters={"p": planned_warehouse.recordings},
    ).result_rows
    assert len(visits) == 11
    assert sorted(map(tuple, rows)) == sorted(
        (name, *counted(visit)) for name, visit in visits.items()
    )


def test_journeys_are_the_pages_of_their_files_one_after_the_other(
    planned_warehouse: PlannedWarehouse, visits: dict[str, Session]
) -> None:
    rows = planned_warehouse.client.query(
        "SELECT toString(session_id), step, path, toUnixTimestamp64Milli(started_at), dwell_ms,"
        " run_length FROM gosight.journeys WHERE project_id = {p:String}",
        parameters={"p": planned_warehouse.recordings},
    ).result_rows
    plain = [(name, *step) for name, visit in visits.items() for step in journey(visit)]
    assert len(plain) > 10
    assert sorted(map(tuple, rows)) == sorted(plain)
