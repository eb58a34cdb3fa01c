"""Replay payloads: rrweb's JSON, plain or gzip, one event or an array of them."""

import zlib
from typing import Any

import orjson

from ingest.decode.json_text import TooDeepError, parsed, repaired

MAX_BYTES = 64 * 1024 * 1024
"""A payload of at most 4 MiB inflates to at most a thousand times that; nobody records so much."""

GZIP_MAGIC = b"\x1f\x8b"
ZLIB_GZIP = 16 + zlib.MAX_WBITS
SLICE_BYTES = 1024
"""Packed bytes handed over at a time: what lies behind a member's end is copied at each end."""

Event = dict[str, Any]


class PayloadError(Exception):
    """A payload that cannot be decoded; the message says what it is not."""


def inflate(data: bytes) -> bytes:
    """The payload without its gzip, of one member or several. Raises PayloadError."""
    if not data.startswith(GZIP_MAGIC):
        return data
    plain = bytearray()
    at = 0
    while data.startswith(GZIP_MAGIC, at):
        at = _inflate_member(data, at, plain)
    return bytes(plain)


def _inflate_member(data: bytes, at: int, plain: bytearray) -> int:
    """Adds the member that begins at `at` to `plain`; returns where it ends."""
    member = zlib.decompressobj(ZLIB_GZIP)
    while not member.eof:
        part = data[at : at + SLICE_BYTES]
        try:
            plain += member.decompress(part)
        except zlib.error as error:
            raise PayloadError("broken gzip") from error
        if len(plain) > MAX_BYTES:
            raise PayloadError("larger than 64 MiB when inflated")
        if not part and not member.eof:
            raise PayloadError("broken gzip")
        at += len(part) - len(member.unused_data)
    return at


def rrweb_events(plain: bytes) -> list[Event]:
    """The event or events of a payload. Raises PayloadError."""
    try:
        document = parsed(repaired(plain))
    except orjson.JSONDecodeError as error:
        raise PayloadError("not JSON") from error
    except TooDeepError as error:
        raise PayloadError("nested too deep") from error
    events = document if isinstance(document, list) else [document]
    if not all(isinstance(event, dict) and "type" in event for event in events):
        raise PayloadError("not rrweb events")
    return events


def facts_only(data: bytes) -> bytes:
    """Of a payload what runs judge it by: when something happened, and of what kind.

    Nothing of the page is left. Of a payload that cannot be read nothing at all.
    """
    try:
        events = rrweb_events(inflate(data))
    except PayloadError:
        return b""
    return orjson.dumps([_facts(event) for event in events])


def _facts(event: Event) -> Event:
    data = event.get("data")
    source = data.get("source") if isinstance(data, dict) else None
    kept = {name: event.get(name) for name in ("type", "timestamp")}
    numbers = {name: value for name, value in kept.items() if isinstance(value, int | float)}
    told = {"data": {"source": source}} if isinstance(source, int) else {}
    return {"facts": 1, "type": -1} | numbers | told
