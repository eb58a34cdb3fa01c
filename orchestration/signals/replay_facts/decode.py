"""Decodes replay payloads: rrweb's JSON, plain or gzip, one event or an array of them."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import polars as pl

from ingest.decode.rrweb import Event, PayloadError, inflate, rrweb_events
from orchestration.signals.replay_facts.schema import READS

# rrweb's EventType.
FULL_SNAPSHOT = 2
INCREMENTAL = 3

# rrweb's IncrementalSource. A style rule, a style, an adopted sheet and a drawing on a canvas
# change the page as a mutation of its tree does.
KIND_OF_SOURCE = {
    **dict.fromkeys((0, 8, 9, 13, 15), "mutations"),
    3: "scrolls",
    14: "selections",
}
KINDS = ("snapshots", "mutations", "scrolls", "selections")

LONGEST_PAYLOAD_MS = 24 * 60 * 60 * 1000
"""Times within a payload further apart than this are nonsense; the payload's own time is taken."""


def decode_payloads(payloads: pl.DataFrame) -> pl.DataFrame:
    """PAYLOADS to READS, row by row, for each payload is a document of its own."""
    rows = [{**row, **decoded(row.pop("data"), row["timestamp"])} for row in payloads.to_dicts()]
    return pl.DataFrame(rows, schema=READS)


def decoded(data: bytes, timestamp: Any) -> dict[str, Any]:
    """One payload's facts. Its first event happened at `timestamp`, the others relative to it.

    The recorder's own clock in the payload is not used otherwise: it may be another than the
    events'.
    """
    try:
        return _read(data, timestamp)
    except PayloadError as error:
        return {
            "started_at": timestamp,
            "ended_at": timestamp,
            "data_size": len(data),
            "event_count": 0,
            "problem": str(error),
        } | {kind: [] for kind in KINDS}


def _read(data: bytes, timestamp: Any) -> dict[str, Any]:
    """As `decoded`. Raises PayloadError."""
    plain = inflate(data)
    events = rrweb_events(plain)
    offsets = [_offset(event, events[0]) for event in events]
    times = [timestamp + timedelta(milliseconds=offset) for offset in offsets]
    seen: dict[str, list[Any]] = defaultdict(list)
    for at, event in sorted(zip(times, events, strict=True), key=lambda pair: pair[0]):
        seen[_kind(event)].append(at)
    return {
        "started_at": min(times, default=timestamp),
        "ended_at": max(times, default=timestamp),
        "data_size": len(plain),
        "event_count": len(events),
        "problem": "",
    } | {kind: seen[kind] for kind in KINDS}


def _kind(event: Event) -> str:
    """One of KINDS, or '' for what says nothing about the page."""
    if event["type"] == FULL_SNAPSHOT:
        return "snapshots"
    data = event.get("data")
    if event["type"] != INCREMENTAL or not isinstance(data, dict):
        return ""
    source = data.get("source")
    return KIND_OF_SOURCE.get(source, "") if isinstance(source, int) else ""


def _offset(event: Event, first: Event) -> int:
    """Milliseconds from the payload's first event to this one."""
    times = (event.get("timestamp"), first.get("timestamp"))
    if not all(isinstance(time, int | float) for time in times):
        return 0
    offset = event["timestamp"] - first["timestamp"]
    # Neither infinite nor NaN is below: JSON may say 1e400.
    return int(offset) if abs(offset) <= LONGEST_PAYLOAD_MS else 0
