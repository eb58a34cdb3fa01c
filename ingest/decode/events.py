"""A spooled batch to decoded events: the common form that rows and documents are made of."""

from dataclasses import dataclass, field

import orjson
from google.protobuf.message import Message
from gosight.events_pb2 import Event

from ingest.decode.checks import canonical_uuid
from ingest.decode.event_types import PAYLOAD_JSON_NAMES, RULES
from ingest.decode.flat import Json, flatten, strip_nuls

ESCAPED_NUL = b"\\u0000"
# Distinct pages and devices remembered while one block is decoded.
MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What all events of a batch share; fixed when it was spooled, so every retry is equal."""

    batch_id: str
    project_id: str
    ingested_at: int  # ms since 1970
    sdk_version: str
    sent_at: int = 0  # ms since 1970 by the client's clock; 0: the batch does not say
    clock_skew_ms: int = 0  # what the times of all its events were moved by
    geo: Json = field(default_factory=dict)  # GeoLocation as protobuf-JSON; {}: not known
    user_agent: str = ""  # of the request


@dataclass(slots=True)  # not frozen: that takes three times as long to make
class Decoded:
    """One event, ids canonical, texts without NUL; nobody changes it.

    `metadata` holds what the documents and rows have no field of their own for, as protobuf-JSON:
    page, device, deviceId, custom and the payload under its JSON name `payload_name`. A replay's
    payload is not in it, but in `replay_type` and `replay_data`.
    """

    event_id: str
    session_id: str
    user_id: str | None
    event_type: str
    timestamp: int  # ms since 1970
    metadata: Json
    payload_name: str | None
    replay_type: int | None = None  # None: no replay payload
    replay_data: bytes = b""
    position: int = 0  # in the batch as sent
    payload_json: bytes = field(default=b"", compare=False)  # of the payload, where it is known

    @property
    def is_replay(self) -> bool:
        """Replay payloads go to tables and collections of their own."""
        return self.replay_type is not None


class Flattener:
    """Flattens page and device once for each distinct value: sessions repeat them in each event."""

    def __init__(self) -> None:
        self._known: dict[tuple[type[Message], bytes], Json] = {}

    def flat(self, message: Message) -> Json:
        """Shared between events: read only."""
        key = (type(message), message.SerializeToString())
        found = self._known.get(key)
        if found is None:
            found, _ = clean(flatten(message))
            if len(self._known) < MAX_REMEMBERED:
                self._known[key] = found
        return found


def decode(event: Event, memory: Flattener, position: int = 0) -> Decoded:
    """The event must have passed `checks.fault_of`."""
    metadata: Json = {}
    if event.HasField("page"):
        metadata["page"] = memory.flat(event.page)
    if event.HasField("device"):
        metadata["device"] = memory.flat(event.device)
    if event.HasField("device_id"):
        metadata["deviceId"] = event.device_id.replace("\0", "")
    if event.custom:
        metadata["custom"], _ = clean(dict(event.custom))
    sent = event.WhichOneof("payload")
    replay_type, replay_data, payload_name, payload_json = None, b"", None, b""
    if sent == "replay":
        replay_type, replay_data = event.replay.rrweb_type, event.replay.data
    elif sent is not None:
        payload_name = PAYLOAD_JSON_NAMES[sent]
        metadata[payload_name], payload_json = clean(flatten(getattr(event, sent)))
    return Decoded(
        event_id=canonical_uuid(event.event_id),
        session_id=canonical_uuid(event.session_id),
        user_id=event.user_id.replace("\0", "") if event.HasField("user_id") else None,
        event_type=RULES[event.event_type].name,
        timestamp=event.timestamp.millis,
        metadata=metadata,
        payload_name=payload_name,
        replay_type=replay_type,
        replay_data=replay_data,
        position=position,
        payload_json=payload_json,
    )


def clean(flat: Json) -> tuple[Json, bytes]:
    """Without NUL, and its text, which is searched for them first, because almost none has any."""
    text = orjson.dumps(flat)
    if ESCAPED_NUL not in text:
        return flat, text
    stripped = strip_nuls(flat)
    return stripped, orjson.dumps(stripped)
