"""Requests as SDKs sent them: the recordings beside the checkout, and made-up ones."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from gosight.events_pb2 import Event, EventType
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.decode.envelope import Envelope
from ingest.formats.request import Request
from ingest.formats.routes import find

OTLP_VISIT = Path(__file__).with_name("otlp_visit.jsonl")
_HEX_ID = re.compile(r'("(?:traceId|spanId|parentSpanId)": ?)"([0-9a-f]+)"')
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


def otlp_visit() -> Iterator[Request]:
    """What OpenTelemetry's browser packages sent of a visit of `hxi demo`."""
    for line in OTLP_VISIT.read_bytes().splitlines():
        yield request("/v1/traces", line, {"content-type": "application/json"})


def as_protobuf(one: Request) -> Request:
    """A trace request in JSON as the protobuf exporter sends it: ids are bytes there, not hex."""
    text = _HEX_ID.sub(
        lambda found: f'{found[1]}"{b64encode(bytes.fromhex(found[2])).decode()}"',
        one.body.decode(),
    )
    message = json_format.Parse(text, ExportTraceServiceRequest(), ignore_unknown_fields=True)
    headers = {"content-type": "application/x-protobuf"}
    return replace(one, body=message.SerializeToString(), headers=headers)


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
