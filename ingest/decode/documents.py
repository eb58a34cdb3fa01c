"""Decoded events to MongoDB documents and back, without loss: reconcile re-lands from documents."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
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
_MAPS: dict[str, tuple[str, ...]] = {
    "custom": (),
    "page": ("queryParams",),
    "click": ("target", "attributes"),
    "inputChange": ("target", "attributes"),
    "inputFocus": ("target", "attributes"),
    "customEvent": ("properties",),
    "identify": ("traits",),
}


def event_document(event: Decoded, batch: BatchFacts) -> Document:
    """A document of hxi_events_db.events."""
    metadata = event.metadata
    payload: Json = metadata.get(event.payload_name, {}) if event.payload_name else {}
    target = payload.get("target", {})
    position = payload.get("position") if event.payload_name == "click" else None
    document = _common(event, batch)
    document["type"] = event.event_type
    document["screen"] = metadata.get("page", {}).get("path") or payload.get("pagePath")
    document["elementId"] = target.get("id") or target.get("selector")
    document["x"] = None if position is None else position.get("x", 0)
    document["y"] = None if position is None else position.get("y", 0)
    document["scroll"] = payload.get("scrollTop", 0) if event.payload_name == "scroll" else None
    document["timestamp"] = to_datetime(event.timestamp)
    return document


def replay_document(event: Decoded, batch: BatchFacts) -> Document:
    """A document of hxi_session_db.replay_chunks; its chunk index is derived later."""
    return {
        **_common(event, batch),
        "recordedAt": to_datetime(event.timestamp),
        "rrwebType": event.replay_type,
        "data": Binary(event.replay_data),
    }


def _common(event: Decoded, batch: BatchFacts) -> Document:
    metadata = _with_maps(event.metadata, _safe)
    if batch.sdk_version:
        metadata["sdkVersion"] = batch.sdk_version
    if batch.clock_skew_ms:
        metadata["clockSkewMs"] = batch.clock_skew_ms
    if batch.geo:
        metadata["geo"] = batch.geo
    if batch.user_agent:
        metadata["userAgent"] = batch.user_agent
    return {
        "projectId": batch.project_id,
        "eventId": event.event_id,
        "sessionId": event.session_id,
        "userId": event.user_id,
        "batchId": batch.batch_id,
        "ingestedAt": _shared_datetime(batch.ingested_at),
        "sentAt": _shared_datetime(batch.sent_at) if batch.sent_at else None,
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
    metadata = _with_maps(document["metadata"], _plain)
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


# Of times that all events of a batch have.
_shared_datetime = lru_cache(maxsize=256)(to_datetime)


def to_millis(moment: datetime) -> int:
    """The inverse of `to_datetime`."""
    return (moment - EPOCH) // MILLISECOND


def _with_maps(metadata: Json, change: Callable[[Any], Any]) -> Json:
    """A new dict with every map that clients choose the keys of changed."""
    changed = dict(metadata)
    for name, value in metadata.items():
        path = _MAPS.get(name)
        if path is not None:
            changed[name] = _map_at(value, path, change)
    return changed


def _map_at(value: Any, path: tuple[str, ...], change: Callable[[Any], Any]) -> Any:
    """What is at the end of `path` changed; a copy of the levels on the way, if anything was."""
    if not path:
        return change(value)
    inner = value.get(path[0])
    changed = None if inner is None else _map_at(inner, path[1:], change)
    return value if changed is inner else {**value, path[0]: changed}


def _safe(pairs: Json) -> Json | list[Json]:
    if any(key == "" or key[0] in "$_" or "." in key for key in pairs):
        return [{"k": key, "v": text} for key, text in pairs.items()]
    return pairs


def _plain(pairs: Json | list[Json]) -> Json:
    return {pair["k"]: pair["v"] for pair in pairs} if isinstance(pairs, list) else pairs
