"""Spans of an OTLP/HTTP request, written as protobuf or as JSON, in one shape."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from ingest.decode.envelope import load_json
from ingest.errors import MalformedBatchError
from ingest.formats.request import Json, Request
from ingest.formats.telling import UNREADABLE, derived_id
from ingest.formats.values import text, whole

NANOS = 1_000_000
_VALUES = ("stringValue", "intValue", "doubleValue", "boolValue")
_FIELDS = frozenset({"string_value", "int_value", "double_value", "bool_value"})
_KINDS = {"SPAN_KIND_CLIENT": 3}


@dataclass(frozen=True, slots=True)
class Span:
    """A span with its resource's attributes; times are ms since 1970."""

    name: str
    scope: str
    kind: int
    event_id: str
    started_at: int
    ended_at: int
    attributes: Mapping[str, Any]
    moments: Mapping[str, int]

    def said(self, name: str) -> Any:
        """None where it is not said."""
        return self.attributes.get(name)

    def since_start(self, moment: str) -> int | None:
        """Ms from the span's start, or from its `fetchStart`, to one of its events."""
        at = self.moments.get(moment)
        begun = self.moments.get("fetchStart", self.started_at)
        return None if at is None else max(0, at - begun)


def spans_of(request: Request) -> list[Span]:
    """MalformedBatchError when the body is neither protobuf nor JSON of a trace request."""
    try:
        return list(_spans_of(request))
    except UNREADABLE as error:
        raise MalformedBatchError(f"the body is no OTLP trace request: {error}") from error


def _spans_of(request: Request) -> Iterator[Span]:
    body = request.plain_body()
    if "json" in request.header("content-type") or body[:1] == b"{":
        return _spans(load_json(body))
    try:
        return _spans_of_message(ExportTraceServiceRequest.FromString(body))
    except DecodeError as error:
        raise MalformedBatchError("the body is no protobuf trace request") from error


def _spans_of_message(message: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in message.resource_spans:
        shared = _attributes_of(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                ids = (b64encode(one).decode() for one in (span.trace_id, span.span_id))
                yield Span(
                    name=span.name,
                    scope=scope.scope.name,
                    kind=span.kind,
                    event_id=derived_id("otlp", *ids),
                    started_at=span.start_time_unix_nano // NANOS,
                    ended_at=span.end_time_unix_nano // NANOS,
                    attributes={**shared, **_attributes_of(span.attributes)},
                    moments={one.name: one.time_unix_nano // NANOS for one in span.events},
                )


def _attributes_of(pairs: Iterable[KeyValue]) -> Json:
    named = ((pair.key, pair.value.WhichOneof("value"), pair.value) for pair in pairs)
    return {key: getattr(value, field) for key, field, value in named if field in _FIELDS}


def _spans(document: Json) -> Iterator[Span]:
    for resource in document.get("resourceSpans", ()):
        shared = _attributes((resource.get("resource") or {}).get("attributes", ()))
        for scope in resource.get("scopeSpans", ()):
            name = text((scope.get("scope") or {}).get("name"))
            for span in scope.get("spans", ()):
                yield _span(span, name, shared)


def _span(span: Json, scope: str, shared: Json) -> Span:
    kind = span.get("kind", 0)
    return Span(
        name=text(span.get("name")),
        scope=scope,
        kind=_KINDS.get(kind, 0) if isinstance(kind, str) else whole(kind),
        event_id=derived_id("otlp", _id(span["traceId"]), _id(span["spanId"])),
        started_at=_millis(span["startTimeUnixNano"]),
        ended_at=_millis(span["endTimeUnixNano"]),
        attributes={**shared, **_attributes(span.get("attributes", ()))},
        moments={
            text(one.get("name")): _millis(one["timeUnixNano"]) for one in span.get("events", ())
        },
    )


def _id(value: str) -> str:
    """JSON writes ids in hex: one id, one writing."""
    is_hex = len(value) in (16, 32)
    return b64encode(bytes.fromhex(value)).decode() if is_hex else value


def _millis(nanos: Any) -> int:
    return int(nanos) // NANOS


def _attributes(pairs: Any) -> Json:
    found: Json = {}
    for pair in pairs:
        value = pair.get("value") or {}
        said = next((value[name] for name in _VALUES if name in value), None)
        if said is not None:
            found[pair["key"]] = said
    return found
