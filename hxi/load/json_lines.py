"""Lines of protobuf-JSON to packets: JSON stays JSON, so that ingest judges what was written.

Ingest refuses a bad event alone and keeps it with its reason. What is no JSON at all therefore
travels as a text in an event's place, and is kept there as malformed.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from hxi.load.packets import GATHER_BYTES, GATHER_EVENTS, MAX_EVENTS, Packet, filled

# JSON is rarely smaller than protobuf (5 MiB are taken), so this leaves room for when it is.
MAX_JSON_BYTES = 4 << 20
# Longer runs of digits fit no field, and Python refuses to convert very long ones.
MAX_DIGITS = 40

Dump = Callable[[Any], bytes]


@dataclass
class JsonLines:
    """Turns lines into packets; `flush` gives the events gathered last."""

    _events: list[bytes] = field(default_factory=list)
    _bytes: int = 0
    _origin: str = ""

    def add(self, line: bytes, origin: str, read: int) -> Iterator[Packet]:
        """`line` holds an EventBatch, else one Event, whatever it looks like."""
        try:
            value, dump = parse(line)
        except ValueError:
            line = orjson.dumps(line.decode("utf-8", "replace"))
        else:
            if isinstance(value, dict) and "events" in value:
                yield from _batch(value, dump, origin, read)
                return
        if self._bytes + len(line) > GATHER_BYTES or len(self._events) >= GATHER_EVENTS:
            yield from self.flush(read)
        self._origin = self._origin or origin
        self._events.append(line)
        self._bytes += len(line)

    def flush(self, read: int) -> Iterator[Packet]:
        """At most one packet."""
        if self._events:
            body = b'{"events":[' + b",".join(self._events) + b"]}"
            count = len(self._events)
            yield Packet(body, is_json=True, events=count, origin=self._origin, read=read)
        self._events, self._bytes, self._origin = [], 0, ""


def parse(text: bytes) -> tuple[Any, Dump]:
    """The value and what writes it again with nothing lost; ValueError when it is no JSON.

    Ingest lets by what strict JSON forbids but one event alone suffers from: NaN, lone surrogates,
    bytes that are no UTF-8.
    """
    try:
        return orjson.loads(text), orjson.dumps
    except orjson.JSONDecodeError:
        pass
    try:
        value = json.loads(text.decode("utf-8", "surrogateescape"), parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value, _dump_lenient


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float("inf")


def _dump_lenient(value: Any) -> bytes:
    return json.dumps(value).encode()


def _batch(batch: dict[str, Any], dump: Dump, origin: str, read: int) -> Iterator[Packet]:
    """As it is, in parts where it is too large; its key is left out, the sender's counts."""
    batch.pop("projectKey", None)
    batch.pop("project_key", None)
    events = batch["events"]
    count = len(events) if isinstance(events, list) else 0
    body = dump(batch)
    if count <= 1 or (count <= MAX_EVENTS and len(body) <= MAX_JSON_BYTES):
        yield Packet(body, is_json=True, events=count, origin=origin, read=read)
        return
    for part in filled((event, len(dump(event))) for event in events):
        body = dump({**batch, "events": part})
        yield Packet(body, is_json=True, events=len(part), origin=origin, read=read)
