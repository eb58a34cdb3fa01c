"""Requests as SDKs sent them: the recordings beside the checkout, and made-up ones."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gosight.events_pb2 import Event, EventType

from ingest.decode.envelope import Envelope
from ingest.formats.request import Request
from ingest.formats.routes import find

NOW = 1_795_900_000_000
# Bodies of rrweb and web-vitals are the recorder's own; their paths here are these.
PATHS = {"/rr": "/v1/replay", "/vital": "/v1/vitals"}


def recorded(file: Path) -> Iterator[Request]:
    """In the order received."""
    for line in file.read_text().splitlines():
        one = json.loads(line)
        path = PATHS.get(one["path"], one["path"])
        body = b64decode(one["body_base64"])
        yield Request(one["method"], path, one["headers"], {}, body, one["at_ms"])


def request(
    path: str,
    body: Any = b"",
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    method: str = "POST",
) -> Request:
    """A body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(method, path, headers or {}, query or {}, content, NOW)


def read(one: Request) -> Envelope:
    """By the adapter that its path belongs to."""
    found = find(one.path, one.method)
    assert found is not None
    assert found.route.read is not None
    return found.route.read(one)


def events(one: Request) -> list[Event]:
    """All of them: none may be malformed."""
    told = read(one).events
    assert all(isinstance(event, Event) for event in told), told
    return [event for event in told if isinstance(event, Event)]


def kind(event: Event) -> str:
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()


def of_kind(told: list[Event], name: str) -> list[Event]:
    return [event for event in told if kind(event) == name]


def visit(file: Path, keep: Callable[[Request], bool] = lambda _: True) -> list[Event]:
    """A recording's events, each once, in order."""
    told = {e.event_id: e for one in recorded(file) if keep(one) for e in events(one)}
    return sorted(told.values(), key=lambda event: event.timestamp.millis)
