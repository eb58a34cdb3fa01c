"""Events of made-up visits, at moments of three days around a month's end."""

import json
from uuid import NAMESPACE_URL, uuid4, uuid5

from gosight.common_pb2 import PageContext, Position, TargetElement, Timestamp
from gosight.events_pb2 import (
    EVENT_TYPE_CLICK,
    EVENT_TYPE_PAGE_VIEW,
    EVENT_TYPE_REPLAY,
    ClickPayload,
    Event,
    PageViewPayload,
)
from gosight.replay_pb2 import ReplayEventPayload

DAY_MS = 24 * 3_600_000
# Noon of 28 February 2024.
NOON = 1_709_121_600_000
FIRST, SECOND = NOON, NOON + DAY_MS
DAYS = ("2024-02-28", "2024-02-29", "2024-03-01")


def session(name: str) -> str:
    """The id of a session of that name."""
    return str(uuid5(NAMESPACE_URL, name))


def view(name: str, at: int, path: str = "/") -> Event:
    """A page view; `at` in ms."""
    event = _event(name, at)
    event.event_type = EVENT_TYPE_PAGE_VIEW
    event.page.CopyFrom(PageContext(url=f"https://shop.example{path}", path=path))
    event.page_view.CopyFrom(PageViewPayload(page_path=path))
    return event


def dead_click(name: str, at: int) -> Event:
    """A left click on a button, which nothing answers."""
    event = _event(name, at)
    event.event_type = EVENT_TYPE_CLICK
    event.click.CopyFrom(
        ClickPayload(
            position=Position(x=5, y=5), target=TargetElement(tag="button", selector="#buy")
        )
    )
    return event


def recording(name: str, at: int, kind: int = 2) -> Event:
    """A replay payload of one event; kind 2 is a full snapshot, 3 a change of the page."""
    event = _event(name, at)
    event.event_type = EVENT_TYPE_REPLAY
    body = {"type": kind, "timestamp": at, "data": {"source": 1}}
    event.replay.CopyFrom(ReplayEventPayload(rrweb_type=kind, data=json.dumps(body).encode()))
    return event


def recorded_visit(name: str, at: int) -> list[Event]:
    """A visit whose dead click a recording shows."""
    return [
        view(name, at),
        dead_click(name, at + 2_000),
        view(name, at + 60_000, "/next"),
        recording(name, at + 1_000),
        recording(name, at + 30_000, 3),
    ]


def _event(name: str, at: int) -> Event:
    return Event(event_id=str(uuid4()), session_id=session(name), timestamp=Timestamp(millis=at))
