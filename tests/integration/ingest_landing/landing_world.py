"""A project of its own on the real stores: batches to land, and what the stores then hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from clickhouse_connect.driver.client import Client
from gosight.events_pb2 import Event
from pymongo import MongoClient

from ingest.landing.landing import Landing
from ingest.sinks.clickhouse import ClickHouseSink
from ingest.sinks.mongodb import MongoSink
from ingest.spooled import SpooledBatch
from orchestration.raw.erasure import erase_sessions
from orchestration.raw.reconcile import Reconciled, check_ledger, reconcile
from tests.unit.ingest_landing.landing_batches import COUNTS, batch_of, named

Tables = dict[str, list[tuple[Any, ...]]]
Documents = dict[str, list[dict[str, Any]]]


@dataclass
class World:
    """Batches of equal names have equal ids, in every world."""

    mongo: "MongoClient[dict[str, Any]]"
    clickhouse: Client
    project_id: str = field(default_factory=lambda: str(uuid4()))

    def batch(self, name: str, *events: Event, rejected: Iterable[Event] = ()) -> SpooledBatch:
        """`rejected` were refused at the door."""
        return batch_of(self.project_id, name, events, rejected)

    def land(self, *batches: SpooledBatch, watched: Any = None) -> None:
        """`watched` stands between landing and the stores: a Crash."""
        pass_on = watched.between if watched else lambda store: store
        documents = MongoSink(self.mongo, 2)
        rows = ClickHouseSink(lambda: self.clickhouse)
        Landing(pass_on(documents), pass_on(rows)).land(batches)

    def erase(self, *sessions: str) -> int:
        return self.erase_ids(*map(named, sessions))

    def erase_ids(self, *ids: str) -> int:
        return erase_sessions(self.mongo, self.clickhouse, self.project_id, ids, 0.0).events

    def tables(self) -> Tables:
        """All rows of this project's raw tables, but for when they landed."""
        return {table: self._rows(table) for table in ("events", "replay_chunks", *OWN_TABLES)}

    def _rows(self, table: str) -> list[tuple[Any, ...]]:
        landed_at = "" if table == "rejected_events" else ", landed_at"
        result = self.clickhouse.query(
            f"SELECT * EXCEPT (project_id{landed_at}) FROM raw.{table} FINAL"
            " WHERE project_id = %(project)s ORDER BY ALL",
            parameters={"project": self.project_id},
        )
        return [tuple(row) for row in result.result_rows]

    def documents(self) -> Documents:
        """All documents of this project."""
        return {
            name: sorted(
                (
                    {key: value for key, value in one.items() if key not in {"_id", "projectId"}}
                    for one in self.mongo[database][name].find({"projectId": self.project_id})
                ),
                key=lambda one: str(one.get("eventId", one["sessionId"])),
            )
            for database, name in (
                ("hxi_events_db", "events"),
                ("hxi_session_db", "replay_chunks"),
            )
        }

    def index(self) -> dict[str, int]:
        """Session to its count."""
        rows = self.clickhouse.query(
            "SELECT toString(session_id), sum(n) FROM raw.session_index"
            " WHERE project_id = %(project)s GROUP BY 1",
            parameters={"project": self.project_id},
        ).result_rows
        return {session: int(count) for session, count in rows}

    def ledger(self) -> dict[str, dict[str, Any]]:
        """Counts that are not 0, by batch id."""
        result = self.clickhouse.query(
            f"SELECT toString(batch_id) AS id, {', '.join(COUNTS)} FROM raw.ingest_ledger FINAL"
            " WHERE project_id = %(project)s",
            parameters={"project": self.project_id},
        )
        return {
            row["id"]: {name: row[name] for name in COUNTS if row[name]}
            for row in result.named_results()
        }

    def events_in_both(self) -> tuple[list[str], list[str]]:
        """Ids of events in raw and in MongoDB."""
        landed = self.clickhouse.query(
            "SELECT toString(event_id) FROM raw.events FINAL WHERE project_id = %(project)s",
            parameters={"project": self.project_id},
        ).result_rows
        return sorted(row[0] for row in landed), [
            one["eventId"] for one in self.documents()["events"]
        ]

    def reconcile(self) -> Reconciled:
        return reconcile(self.mongo, self.clickhouse, self.project_id)

    def disagreements(self) -> list[str]:
        return check_ledger(self.mongo, self.clickhouse, self.project_id)


OWN_TABLES = ("rejected_events", "ingest_ledger")
