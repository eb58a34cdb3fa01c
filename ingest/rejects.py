"""Reasons why a single event is refused, and how a refused event is kept."""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import orjson

# Enough to see what a client sends; an event refused by a store is kept whole.
RAW_BYTES_KEPT = 16 * 1024
ID_CHARACTERS_KEPT = 256
DETAIL_CHARACTERS_KEPT = 500


class Reason(StrEnum):
    """All reasons; the first that applies, in this order, is an event's reason."""

    MALFORMED_EVENT = "malformed_event"
    MISSING_EVENT_ID = "missing_event_id"
    MISSING_SESSION_ID = "missing_session_id"
    INVALID_UUID = "invalid_uuid"
    MISSING_TIMESTAMP = "missing_timestamp"
    TIMESTAMP_TOO_OLD = "timestamp_too_old"
    TIMESTAMP_IN_FUTURE = "timestamp_in_future"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    PAYLOAD_TYPE_MISMATCH = "payload_type_mismatch"
    INVALID_NUMBER = "invalid_number"
    TEXT_TOO_LONG = "text_too_long"
    EVENT_TOO_LARGE = "event_too_large"
    REFUSED_BY_STORE = "refused_by_store"


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused event; `position` is its index in the batch as sent, `raw` its bytes as sent."""

    position: int
    event_id: str
    session_id: str
    reason: Reason
    detail: str
    raw: bytes


def reject(position: int, ids: tuple[str, str], reason: Reason, detail: str, raw: bytes) -> Reject:
    """A reject with everything from the client cut and cleaned; `ids` are event and session."""
    event_id, session_id = (clean(text)[:ID_CHARACTERS_KEPT] for text in ids)
    kept = raw if reason is Reason.REFUSED_BY_STORE else raw[:RAW_BYTES_KEPT]
    return Reject(
        position, event_id, session_id, reason, clean(detail)[:DETAIL_CHARACTERS_KEPT], kept
    )


def clean(text: str) -> str:
    """Without NUL, and with lone surrogates replaced, so that every store takes it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def count_by_reason(rejects: Iterable[Reject]) -> dict[str, int]:
    """Reason to number of events."""
    return dict(Counter(one.reason.value for one in rejects))


def dump(rejects: Iterable[Reject]) -> bytes:
    """The form kept in the spool."""
    return orjson.dumps(
        [
            (r.position, r.event_id, r.session_id, r.reason, r.detail, b64encode(r.raw).decode())
            for r in rejects
        ]
    )


def load(data: bytes) -> list[Reject]:
    """The inverse of `dump`."""
    return [
        Reject(position, event_id, session_id, Reason(reason), detail, b64decode(raw))
        for position, event_id, session_id, reason, detail, raw in orjson.loads(data)
    ]
