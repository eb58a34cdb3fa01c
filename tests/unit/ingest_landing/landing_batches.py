"""Spooled batches made of events that names stand for."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from ingest import rejects
from ingest.clock import now_ms
from ingest.rejects import Reason
from ingest.spooled import SpooledBatch

NAMESPACE = UUID("5f0c3a52-6c3e-4a0e-9a07-0f3f4f1c2b10")
INGESTED_AT = now_ms()
POISON = "a name that a constraint of raw.events refuses"
# Of the ledger.
COUNTS = (
    *("received", "valid", "rejected", "landed", "landed_replay"),
    *("duplicate", "refused_by_store", "erased"),
)


def named(name: str) -> str:
    """The same UUID for the same name."""
    return str(uuid5(NAMESPACE, name))


def event(name: str, session: str = "visit", kind: str = "click", **values: Any) -> Event:
    """An event whose ids are made from names; its time depends on its name alone."""
    one = Event(
        event_id=named(name),
        session_id=named(session),
        event_type=f"EVENT_TYPE_{kind.upper()}",
        **values,
    )
    one.timestamp.millis = INGESTED_AT - 60_000 + sum(name.encode())
    one.page.url, one.page.path = "https://shop.example.test/cart?x=1", "/cart"
    return one


def replay(name: str, session: str = "visit", data: bytes = b"\x1f\x8b\x00frame") -> Event:
    one = event(name, session, "replay")
    one.replay.rrweb_type, one.replay.data = 3, data
    return one


def custom(name: str, session: str = "visit", custom_name: str = "harmless") -> Event:
    one = event(name, session, "custom")
    one.custom_event.name = custom_name
    return one


def poison(name: str, session: str = "visit") -> Event:
    """Passes every check of the doors; only ClickHouse refuses it."""
    return custom(name, session, POISON)


def poison_for_mongodb(name: str, session: str = "visit") -> Event:
    """The doors would refuse it, but the embedded MongoDB cannot hold it either."""
    one = event(name, session)
    one.device.device_pixel_ratio = float("nan")
    return one


def batch_of(
    project_id: str, name: str, events: Iterable[Event], rejected: Iterable[Event] = ()
) -> SpooledBatch:
    """`rejected` were refused at the door, behind the others."""
    valid = list(events)
    refused = [
        rejects.reject(
            len(valid) + index,
            (one.event_id, one.session_id),
            Reason.INVALID_NUMBER,
            "device_pixel_ratio is nan",
            one.SerializeToString(),
        )
        for index, one in enumerate(rejected)
    ]
    return SpooledBatch(
        batch_id=named(name),
        project_id=project_id,
        door="grpc",
        sdk_version="2.1",
        sent_at=INGESTED_AT - 10,
        ingested_at=INGESTED_AT,
        received=len(valid) + len(refused),
        valid=len(valid),
        filtered=0,
        body=EventBatch(events=valid).SerializeToString(),
        positions=b"",
        rejects=rejects.dump(refused),
    )
