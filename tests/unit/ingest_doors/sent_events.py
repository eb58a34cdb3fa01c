"""Events as an SDK sends them, and one for each reason to refuse an event at the door."""

import time
from collections.abc import Callable
from uuid import uuid4

from gosight.events_pb2 import Event, EventType
from gosight.ingest_pb2 import EventBatch

SESSION = "0b7f4f3e-1c4d-4c39-9d2e-6a1f0e3b5a77"
DAY_MS = 86_400_000


def now() -> int:
    return time.time_ns() // 1_000_000


def click(event_id: str | None = None, at: int | None = None, session: str = SESSION) -> Event:
    event = Event(
        event_id=event_id or str(uuid4()),
        session_id=session,
        event_type=EventType.EVENT_TYPE_CLICK,
    )
    event.timestamp.millis = at or now()
    event.page.url = "https://shop.example/products/17"
    event.page.path = "/products/17"
    event.click.position.x = 17
    event.click.position.y = 4
    event.click.target.selector = "#buy"
    return event


def batch(*events: Event, key: str = "") -> EventBatch:
    return EventBatch(project_key=key, events=events, sent_at=now(), sdk_version="web 1.2.3")


def clicks(count: int, key: str = "") -> EventBatch:
    return batch(*(click() for _ in range(count)), key=key)


def _changed(change: Callable[[Event], object]) -> Event:
    event = click()
    change(event)
    return event


def _replay(size: int) -> Event:
    event = click()
    event.event_type = EventType.EVENT_TYPE_REPLAY
    event.replay.data = b"x" * size
    return event


def _custom(texts: int) -> Event:
    event = click()
    for number in range(texts):
        event.custom[str(number)] = "x" * 60_000
    return event


def _velocity(number: float) -> Event:
    event = click()
    event.event_type = EventType.EVENT_TYPE_SCROLL
    event.scroll.velocity = number
    return event


# Reason -> events that must be refused with it. What only bytes on the wire can be wrong about
# (malformed_event) is each form's own matter.
BAD_EVENTS: dict[str, list[Event]] = {
    "missing_event_id": [_changed(lambda event: event.ClearField("event_id"))],
    "missing_session_id": [_changed(lambda event: event.ClearField("session_id"))],
    "invalid_uuid": [
        click(event_id="17"),
        click(session="0b7f4f3e-1c4d-4c39-9d2e-6a1f0e3b5a7"),
        click(event_id="{0b7f4f3e-1c4d-4c39-9d2e-6a1f0e3b5a77}"),
        click(event_id="0b7f4f3e1c4d-4c39-9d2e-6a1f0e3b5a77-"),
    ],
    "missing_timestamp": [_changed(lambda event: event.ClearField("timestamp"))],
    "timestamp_too_old": [click(at=now() - 31 * DAY_MS), click(at=-1), click(at=1)],
    "timestamp_in_future": [click(at=now() + 2 * DAY_MS), click(at=2**62)],
    "payload_type_mismatch": [
        _changed(lambda event: setattr(event, "event_type", EventType.EVENT_TYPE_SCROLL))
    ],
    "unknown_event_type": [
        _changed(lambda event: setattr(event, "event_type", 0)),
        _changed(lambda event: setattr(event, "event_type", 77)),
        _changed(lambda event: setattr(event, "event_type", EventType.EVENT_TYPE_RAGE_CLICK)),
    ],
    "invalid_number": [_velocity(float("nan")), _velocity(float("inf")), _velocity(float("-inf"))],
    "text_too_long": [_changed(lambda event: setattr(event.page, "title", "é" * 32_769))],
    "event_too_large": [_custom(18), _replay(4 * 1024 * 1024)],
}
