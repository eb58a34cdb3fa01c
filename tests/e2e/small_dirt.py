"""A few visits with the dirt that other products' users reported, each with what is right of it."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from google.protobuf import json_format
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

START = int(time.time() * 1000) - 3_600_000
NIL = UUID(int=0)
# Ids fall while the events are sent in order: they must decide nothing.
_ids = iter(range(2**64, 0, -1))

REDIRECTED, ERRED, NOBODY, NIL_VIEW, TYPED_IN, RESTORED, BUSY = (UUID(int=n) for n in range(1, 8))

RIGHT: dict[str, tuple[str, str, UUID, list[tuple[Any, ...]]]] = {
    "a redirect within a millisecond enters where it was sent first": (
        "sessions", "entry_path, exit_path", REDIRECTED, [("/", "/home")],
    ),
    "an error within its click's millisecond is an error click": (
        "insights", "insight_type, charged", ERRED, [("error_click", True)],
    ),
    "what is written for nobody is no user": ("sessions", "user_id", NOBODY, [("",)]),
    "a view may have the nil UUID": ("page_views", "view_id, click_count", NIL_VIEW, [(NIL, 1)]),
    "a visitor who typed the address was sent by nobody": (
        "sessions", "referrer", TYPED_IN, [("",)],
    ),
    "a page restored keeps the vitals of its load": (
        "page_views", "lcp, inp", RESTORED, [(3900, 300)],
    ),
    "time on the page after a full navigation is engaged time": (
        "sessions", "engaged_ms", BUSY, [(7000,)],
    ),
}  # fmt: skip
"""Sentence -> table, columns, session and its rows."""


def batch() -> EventBatch:
    """All of it, as one batch."""
    return EventBatch(events=[one for events in _visits() for one in events])


def _visits() -> Iterator[list[Event]]:
    click: dict[str, Any] = {"click": {"target": {"tag": "p"}}}
    yield [event(REDIRECTED, "PAGE_VIEW", 0, path) for path in ("/", "/home")]
    yield [
        event(ERRED, "PAGE_VIEW", 0),
        event(ERRED, "CLICK", 9, **click),
        event(ERRED, "JS_ERROR", 9, jsError={"message": "no"}),
    ]
    yield [event(NOBODY, "PAGE_VIEW", 0, userId=name) for name in ("[object Object]", " ", "NULL")]
    yield [
        event(NIL_VIEW, "PAGE_VIEW", 0, eventId=str(NIL)),
        event(NIL_VIEW, "CLICK", 9, **click),
    ]
    yield [
        event(TYPED_IN, "PAGE_VIEW", 0),
        event(TYPED_IN, "PAGE_VIEW", 9, "/paid", referrer="https://pay.test/"),
    ]
    yield [
        event(RESTORED, "PAGE_VIEW", 0),
        event(RESTORED, "WEB_VITALS", 4000, performance=_vitals(3900, 300)),
        event(RESTORED, "WEB_VITALS", 90_000, performance=_vitals(40, 0)),
    ]
    yield [
        event(BUSY, "CLICK", 0, **click),
        event(BUSY, "PAGE_HIDDEN", 2000),
        event(BUSY, "PAGE_VIEW", 5000, "/next"),
        event(BUSY, "CLICK", 10_000, "/next", **click),
    ]


def _vitals(lcp: int, inp: int) -> dict[str, int]:
    return {"largestContentfulPaint": lcp, "interactionToNextPaint": inp}


def event(
    session: UUID, kind: str, offset_ms: int, path: str = "/a", referrer: str = "", **own: Any
) -> Event:
    said: dict[str, Any] = {
        "eventId": str(UUID(int=next(_ids))),
        "sessionId": str(session),
        "eventType": f"EVENT_TYPE_{kind}",
        "timestamp": {"millis": START + offset_ms},
        "page": {"url": f"https://shop.test{path}", "path": path, "referrer": referrer},
    }
    if kind == "PAGE_VIEW":
        said["pageView"] = {"pagePath": path}
    return json_format.ParseDict(said | own, Event())
