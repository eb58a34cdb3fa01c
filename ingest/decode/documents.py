"""Decoded events to MongoDB documents and back, without loss: reconcile re-lands from documents."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bson.binary import Binary

from ingest.decode.event_types import PAYLOAD_JSON_NAMES
from ingest.decode.events import BatchFacts, Decoded
from ingest.decode.flat import Json

Document = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
_PAYLOAD_NAMES = frozenset(PAYLOAD_JSON_NAMES.values())
# Where clients choose the keys. A map with a key that MongoDB reads as something else (an operator,
# a path, a type such as $date) is kept as a list of {k, v}.
_MAPS = (
    ("custom",),
    ("page", "queryParams"),
    ("click", "target", "attributes"),
    ("inputChange", "target", "attributes"),
    ("inputFocus", "target", "attributes"),
    ("customEvent", "properties"),
    ("identify", "traits"),
)


def event_document(event: Decoded, batch: BatchFacts) -> Document:
    """A document of hxi_events_db.events."""
    payload: Json = event.metadata.get(event.payload_name, {}) if event.payload_name else {}
    target = payload.get("target", {})
    position = payload.get("position", {}) if event.payload_name == "click" else None
    has_position = bool(position) or (position is not None and "position" in payload)
    page_path = event.metadata.get("page", {}).get("path") or payload.get("pagePath")
    return {
        **_common(event, batch),
        "type": event.event_type,
        "screen": page_path,
        "elementId": target.get("id") or target.get("selector"),
        "x": position.get("x", 0) if position is not None and has_position else None,
        "y": position.get("y", 0) if position is not None and has_position else None,
        "scroll": payload.get("scrollTop", 0) if event.payload_name == "scroll" else None,
        "timestamp": to_datetime(event.timestamp),
    }


def replay_document(event: Decoded, batch: BatchFacts) -> Document:
    """A document of hxi_session_db.replay_chunks; its chunk index is derived later."""
    return {
        **_common(event, batch),
        "recordedAt": to_datetime(event.timestamp),
        "rrwebType": event.replay_type,
        "data": Binary(event.replay_data),
    }


def _common(event: Decoded, batch: BatchFacts) -> Document:
    metadata = event.metadata
    for path in _MAPS:
        if path[0] in metadata:
            metadata = _with_safe_map(metadata, path)
    if batch.sdk_version:
        metadata = {**metadata, "sdkVersion": batch.sdk_version}
    if batch.clock_skew_ms:
        metadata = {**metadata, "clockSkewMs": batch.clock_skew_ms}
    if batch.geo:
        metadata = {**metadata, "geo": batch.geo}
    if batch.user_agent:
        metadata = {**metadata, "userAgent": batch.user_agent}
    return {
        "projectId": batch.project_id,
        "eventId": event.event_id,
        "sessionId": event.session_id,
        "userId": event.user_id,
        "batchId": batch.batch_id,
        "ingestedAt": to_datetime(batch.ingested_at),
        "sentAt": to_datetime(batch.sent_at) if batch.sent_at else None,
        "position": event.position,
        "metadata": metadata,
    }


def from_event_document(document: Document) -> tuple[Decoded, BatchFacts]:
    """The inverse of `event_document`."""
    return _decoded(document, document["type"], document["timestamp"])


def from_replay_document(document: Document) -> tuple[Decoded, BatchFacts]:
    """The inverse of `replay_document`."""
    decoded, facts = _decoded(document, "replay", document["recordedAt"])
    kind, data = int(document["rrwebType"]), bytes(document["data"])
    return replace(decoded, payload_name=None, replay_type=kind, replay_data=data), facts


def _decoded(document: Document, event_type: str, at: datetime) -> tuple[Decoded, BatchFacts]:
    metadata = _plain(document["metadata"])
    facts = _take_facts(document, metadata)
    decoded = Decoded(
        event_id=document["eventId"],
        session_id=document["sessionId"],
        user_id=document["userId"],
        event_type=event_type,
        timestamp=to_millis(at),
        metadata=metadata,
        payload_name=next((name for name in metadata if name in _PAYLOAD_NAMES), None),
        position=document.get("position", 0),
    )
    return decoded, facts


def _take_facts(document: Document, metadata: Json) -> BatchFacts:
    """Those that `metadata` holds are taken out of it."""
    sent_at = document.get("sentAt")  # documents from before order was kept have none
    return BatchFacts(
        batch_id=document["batchId"],
        project_id=document["projectId"],
        ingested_at=to_millis(document["ingestedAt"]),
        sdk_version=metadata.pop("sdkVersion", ""),
        clock_skew_ms=metadata.pop("clockSkewMs", 0),
        geo=metadata.pop("geo", {}),
        user_agent=metadata.pop("userAgent", ""),
        sent_at=to_millis(sent_at) if sent_at else 0,
    )


def to_datetime(millis: int) -> datetime:
    """Exact: no way over floats."""
    return EPOCH + millis * MILLISECOND


def to_millis(moment: datetime) -> int:
    """The inverse of `to_datetime`."""
    return (moment - EPOCH) // MILLISECOND


def _with_safe_map(value: Json, path: tuple[str, ...]) -> Json:
    """A copy of the levels on the way, only if the map at the end of `path` has an unsafe key."""
    inner = value.get(path[0])
    if inner is None:
        return value
    if len(path) > 1:
        changed = _with_safe_map(inner, path[1:])
        return value if changed is inner else {**value, path[0]: changed}
    if _is_safe(inner):
        return value
    return {**value, path[0]: [{"k": key, "v": text} for key, text in inner.items()]}


def _is_safe(keys: Iterable[str]) -> bool:
    return not any(key == "" or key[0] in "$_" or "." in key for key in keys)


def _plain(metadata: Json) -> Json:
    """A deep copy with every map as a map again."""
    for path in _MAPS:
        if path[0] in metadata:
            metadata = _with_plain_map(metadata, path)
    return dict(metadata)


def _with_plain_map(value: Json, path: tuple[str, ...]) -> Json:
    inner = value.get(path[0])
    if inner is None:
        return value
    if len(path) > 1:
        return {**value, path[0]: _with_plain_map(inner, path[1:])}
    if isinstance(inner, list):
        inner = {pair["k"]: pair["v"] for pair in inner}
    return {**value, path[0]: inner}
