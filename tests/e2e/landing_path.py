"""Lands event batches by ingest's own code, in this process, and lets it die between two steps."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pymongo
from clickhouse_connect.driver.client import Client
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from ingest import rejects
from ingest.clock import now_ms
from ingest.decode.rows import Row
from ingest.landing.landing import Landing
from ingest.sinks.clickhouse import ClickHouseSink
from ingest.sinks.interface import Session
from ingest.sinks.mongodb import MongoSink
from ingest.spooled import SpooledBatch
from orchestration.raw.erasure import erase


class DiedError(Exception):
    """Where a test lets the lander or an erasure die."""


class DyingRows(ClickHouseSink):
    """ClickHouse, until `writes_left` writes are done; None: it never dies."""

    writes_left: int | None = None

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        self._spend()
        super().insert(table, rows)

    def delete(
        self, sessions: Collection[Session], batch_ids: Collection[str] | None = None
    ) -> None:
        self._spend()
        super().delete(sessions, batch_ids)

    def _spend(self) -> None:
        if self.writes_left is not None:
            if self.writes_left == 0:
                raise DiedError
            self.writes_left -= 1


class LandingPath:
    """Both stores, and batches that are still in the spool because their landing died."""

    def __init__(self, mongo: "pymongo.MongoClient[dict[str, Any]]", clickhouse: Client) -> None:
        self.documents = MongoSink(mongo)
        self.rows = DyingRows(lambda: clickhouse)
        self.landing = Landing(self.documents, self.rows)
        self.spooled: list[SpooledBatch] = []
        self.half_erased: list[Session] = []

    def accept(self, project_id: str, events: Iterable[Event], skew_ms: int = 0) -> None:
        """What the doors do with a batch of valid events, which they moved by `skew_ms`."""
        kept = list(events)
        self.spooled.append(
            SpooledBatch(
                batch_id=str(uuid4()),
                project_id=project_id,
                door="http",
                sdk_version="test",
                sent_at=0,
                ingested_at=now_ms(),
                received=len(kept),
                valid=len(kept),
                filtered=0,
                body=EventBatch(events=kept, clock_skew_ms=skew_ms).SerializeToString(),
                positions=b"",
                rejects=rejects.dump([]),
            )
        )

    def land(self, *, dies_after: int | None = None) -> bool:
        """All that is spooled, as one block; whether it was landed before the lander died."""
        with self._mortal(dies_after):
            self.landing.land(self.spooled)
            self.spooled = []
        return not self.spooled

    def erase(self, session: Session, *, dies_after: int | None = None) -> None:
        """One session for good; repeated by `finish` if it died."""
        self.half_erased.append(session)
        with self._mortal(dies_after):
            erase(self.documents, self.rows, [session], settle_seconds=0)
            self.half_erased.remove(session)

    def finish(self) -> None:
        """Repeat what died."""
        for session in list(self.half_erased):
            self.half_erased.remove(session)
            self.erase(session)
        self.land()

    @contextmanager
    def _mortal(self, writes: int | None) -> Iterator[None]:
        self.rows.writes_left = writes
        try:
            yield
        except DiedError:
            pass
        finally:
            self.rows.writes_left = None
