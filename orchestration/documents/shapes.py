"""Rows of marts to documents in the shapes of spec 004, led by the project."""

from typing import Any

import orjson

from ingest.sinks.mongodb import document_id
from orchestration.documents.collection import Document, Row
from orchestration.raw.outside_prediction import OUR_SOURCE

# Steps of one journey that a document holds: MongoDB takes 16 MiB, and readers want a summary.
MAX_STEPS = 10_000
MAX_STEP_BYTES = 8 << 20  # of their paths, and of what a step is besides
STEP_BYTES = 64


def session(row: Row) -> Document:
    """One session; what the document of the store does not name is in `meta`."""
    return {
        "_id": _session_id(row),
        **_of(row),
        "userId": row["user_id"] or None,
        "device": row["os"] or row["device_type"] or None,
        "ip": row["ip"] or None,
        "startedAt": row["started_at"],
        "endedAt": row["ended_at"],
        "durationMs": row["duration_ms"],
        "userAgent": row["user_agent"] or None,
        "meta": {
            "deviceId": row["device_id"] or None,
            "isNewUser": row["is_new_user"],
            "endReason": row["end_reason"] or None,
            "referrerDomain": row["referrer_domain"] or None,
            "pageCount": row["page_count"],
            "eventCount": row["event_count"],
            "custom": payload(row["custom_properties"]),
            "traits": payload(row["traits"] or "{}"),
        },
    }


def place_in_recording(row: Row) -> Document:
    """What is set in the document of a replay payload."""
    return {
        "_id": document_id(row["project_id"], row["event_id"]),
        "chunkIndex": row["chunk_index"],
    }


def session_event(row: Row) -> Document:
    """One event of a session; `payload` as protobuf-JSON has it."""
    return {
        "_id": document_id(row["project_id"], row["event_id"]),
        **_of(row),
        "eventId": row["event_id"],
        "ts": row["timestamp"],
        "type": row["event_type"],
        "screen": row["path"] or None,
        "payload": payload(row["payload"]),
    }


def heatmap_point(row: Row) -> Document:
    """A click with a position, or a scroll with an offset."""
    return {
        "_id": document_id(row["project_id"], row["event_id"]),
        **_of(row),
        "screen": row["path"] or None,
        "x": row["x"],
        "y": row["y"],
        "scroll": row["scroll"],
        "timestamp": row["timestamp"],
    }


def journey(row: Row) -> Document:
    """The steps of one session; created when its last event happened."""
    return {
        "_id": _session_id(row),
        **_of(row),
        "steps": [{"step": step, "screen": screen, "ts": ts} for step, screen, ts in row["steps"]],
        "stepCount": row["step_count"],
        "createdAt": row["ended_at"],
    }


def prediction(row: Row) -> Document:
    """What the rules say of one session."""
    return {
        "_id": _session_id(row),
        **_of(row),
        "eventId": None,
        "emotion": row["rule_state"],
        "confidence": row["rule_confidence"],
        "timestamp": row["ended_at"],
        "modelVersion": row["rule_version"],
        "source": OUR_SOURCE,
    }


def payload(text: str) -> Document:
    """A JSON object; what is none is kept as `{"text": …}`."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    return _storable(value) if isinstance(value, dict) else {"text": text}


def _session_id(row: Row) -> str:
    """Of what there is one a session."""
    return f"{row['project_id']}:{row['session_id']}"


def _of(row: Row) -> Document:
    return {"projectId": row["project_id"], "sessionId": row["session_id"]}


def _storable(value: Any) -> Any:
    """As documents of record keep maps: one with a key MongoDB reads otherwise is a list of pairs.

    Whole numbers beyond 64 bits become text.
    """
    if isinstance(value, dict):
        plain = {key: _storable(inner) for key, inner in value.items()}
        if any(not key or key[0] in "$_" or "." in key for key in plain):
            return [{"k": key, "v": inner} for key, inner in plain.items()]
        return plain
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value
