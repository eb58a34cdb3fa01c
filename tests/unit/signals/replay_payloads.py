"""Builds replay payloads as recorders send them: rrweb's JSON, plain or gzip."""

import gzip
from typing import Any

import orjson
import polars as pl

from orchestration.signals.replay_facts import SIGNAL
from orchestration.signals.replay_facts.decode import decode_payloads
from orchestration.signals.replay_facts.schema import PAYLOADS
from tests.unit.signals.signal_events import PROJECT, SESSION, Row, at, event_id

CLOCK = 1_544_756_766_750
"""The recorder's own clock, years away from the events'."""

MUTATION, MOUSE_MOVE, SCROLL, INPUT, SELECTION = 0, 1, 3, 5, 14


def snapshot(offset_ms: int = 0) -> Row:
    return {"type": 2, "data": {"node": {}}, "timestamp": CLOCK + offset_ms}


def change(source: int, offset_ms: int = 0) -> Row:
    return {"type": 3, "data": {"source": source}, "timestamp": CLOCK + offset_ms}


def packed(document: Any) -> bytes:
    return gzip.compress(orjson.dumps(document), mtime=0)


def payload(offset_ms: int, number: int, data: bytes, **columns: Any) -> Row:
    return {
        "project_id": PROJECT,
        "session_id": SESSION,
        "event_id": event_id(number),
        "timestamp": at(offset_ms),
        "sent_order": 0,
        "data": data,
    } | columns


def facts(rows: list[Row]) -> list[Row]:
    decoded = decode_payloads(pl.DataFrame(rows, schema=PAYLOADS))
    return SIGNAL.detect(decoded).to_dicts()
