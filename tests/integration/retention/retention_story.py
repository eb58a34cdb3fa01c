"""One project's life under retention, played once; tests look at what was seen on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client
from gosight.events_pb2 import Event

from ingest.schema import mongo as schema
from orchestration.lease.held import HeldStores, held_stores
from orchestration.raw.reconcile import check_ledger, reconcile
from orchestration.retention.expiry import Expired, expire, expire_now
from orchestration.retention.late import Late, late_beyond_retention
from orchestration.retention.limits import CutOffs
from orchestration.run.refresh import refresh
from orchestration.stores.settings import Settings
from tests.e2e.landing_path import LandingPath
from tests.e2e.warehouse_rows import Rows, Served
from tests.integration.retention.retention_events import session


@dataclass(frozen=True)
class Seen:
    """The stores at one moment. `documents` by collection; `ledger`: what does not add up."""

    rows: Rows
    raw: dict[str, int]
    documents: dict[str, int]
    ledger: list[str]
    late: Late

    def of(self, table: str, name: str) -> list[str]:
        """Rows of a table that name a session."""
        return [row for row in self.rows[table] if session(name) in row]

    def on(self, table: str, day: str) -> list[str]:
        """Rows of a day-grain table of one day."""
        return [row for row in self.rows[table] if day in row]


class DiedError(Exception):
    """Where a test lets an expiry die."""


@dataclass(frozen=True)
class MortalStores:
    """Stores that are there for so many more times."""

    held: HeldStores
    lives: list[int]

    def fence(self) -> int:
        return self.held.fence()

    def clickhouse(self) -> Client:
        return self.held.clickhouse()

    def postgres(self) -> psycopg.Connection[Any]:
        self._live()
        return self.held.postgres()

    def mongodb(self) -> "pymongo.MongoClient[dict[str, Any]]":
        self._live()
        return self.held.mongodb()

    def _live(self) -> None:
        if not self.lives:
            raise DiedError
        self.lives.pop()


@dataclass
class Life:
    """The stores of one project, and what was done to it."""

    project: str
    mongo: "pymongo.MongoClient[dict[str, Any]]"
    served: Served
    path: LandingPath = field(init=False)
    expired: list[Expired] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.path = LandingPath(self.mongo, self.served.clickhouse)

    def land(self, events: Sequence[Event]) -> datetime:
        """One batch; returns a moment after it landed and before anything else does."""
        self.path.accept(self.project, events)
        self.path.land()
        return self.now()

    def now(self) -> datetime:
        """The clock of landings, a few milliseconds later."""
        query = "SELECT now64(3, 'UTC') FROM (SELECT sleep(0.01))"
        moment: datetime = self.served.clickhouse.query(query).result_rows[0][0]
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def expire(
        self, raw: datetime, replay: datetime, marts: date, lives: int | None = None
    ) -> None:
        """With these cut-offs; `lives`: how often it may open another store before it dies."""
        cut_offs = CutOffs(self.now(), raw, replay, marts)
        if lives is None:
            self.expired.append(expire_now(cut_offs))
            return
        with held_stores(Settings.from_environment()) as held:
            try:
                expire(MortalStores(held, [0] * lives), cut_offs)
            except DiedError:
                return
        raise AssertionError("it lived")

    def look(self) -> Seen:
        """What is there now."""
        count = "SELECT count() FROM {} FINAL WHERE project_id = '{}'"
        return Seen(
            rows=self.served.rows([self.project]),
            raw={
                table: self._integer(count.format(f"raw.{table}", self.project))
                for table in ("events", "replay_chunks")
            },
            documents={
                spec.name: spec.of(self.mongo).count_documents({"projectId": self.project})
                for spec in schema.COLLECTIONS
            },
            ledger=check_ledger(self.mongo, self.served.clickhouse),
            late=late_beyond_retention(self.served.clickhouse),
        )

    def run(self, *, full: bool = False) -> Seen:
        """A whole run, and what it left."""
        assert refresh(full=full).failed_checks == ()
        return self.look()

    def landed_again(self) -> int:
        """What a comparison of both stores lands."""
        return reconcile(self.mongo, self.served.clickhouse).relanded

    def _integer(self, query: str) -> int:
        return int(self.served.clickhouse.query(query).result_rows[0][0])


FAR = timedelta(days=400)
