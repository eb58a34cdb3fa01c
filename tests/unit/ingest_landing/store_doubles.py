"""Both stores in memory, as the lander sees them, and what must be true of them together."""

import copy
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from ingest.decode.documents import Document
from ingest.decode.rows import Row
from ingest.errors import RefusedByStoreError
from ingest.landing.items import session_of_reject
from ingest.landing.landing import Landing
from ingest.rejects import Reason, Reject
from ingest.sinks import names as tables
from ingest.sinks.interface import Kind, Session, Written
from ingest.spooled import SpooledBatch
from orchestration.raw.erasure import erase
from tests.unit.ingest_landing.landing_batches import COUNTS, POISON


class Documents:
    """A DocumentStore; refuses events of the ids in `refuses`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Kind, str, str], Document] = {}
        self.refuses: set[str] = set()

    def insert(self, kind: Kind, documents: Sequence[Document]) -> Written:
        keys = [(kind, one["projectId"], one["eventId"]) for one in documents]
        assert len(set(keys)) == len(keys), "an event twice in one call"
        written = Written()
        for index, (key, document) in enumerate(zip(keys, documents, strict=True)):
            if document["eventId"] in self.refuses:
                written.refused[index] = "refused"
            else:
                kept = self.kept.setdefault(key, copy.deepcopy(document))
                written.owners[index] = kept["batchId"]
        return written

    def delete(self, kind: Kind, documents: Sequence[Document]) -> None:
        for one in documents:
            key = (kind, one["projectId"], one["eventId"])
            if key in self.kept and self.kept[key]["batchId"] == one["batchId"]:
                del self.kept[key]

    def batches_of(self, session: Session) -> list[tuple[Kind, str]]:
        return [
            (key[0], one["batchId"]) for key, one in self.kept.items() if session_of(one) == session
        ]

    def erase(self, session: Session) -> None:
        self.kept = {key: one for key, one in self.kept.items() if session_of(one) != session}


class Rows:
    """A RowStore; raw.events refuses custom events named POISON."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = defaultdict(list)

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        rows = list(rows)
        assert rows, "an insert of nothing"
        if any(row.get("custom_name") == POISON for row in rows):
            raise RefusedByStoreError("constraint violated")
        self.tables[table] += copy.deepcopy(rows)

    def ledgered(self, batches: Iterable[tuple[str, str]]) -> set[str]:
        wanted = set(batches)
        return {
            row["batch_id"]
            for row in self.tables[tables.LEDGER]
            if (row["project_id"], row["batch_id"]) in wanted
        }

    def erased(self, sessions: Collection[Session]) -> dict[Session, int]:
        found: Counter[Session] = Counter()
        for row in self.tables[tables.TOMBSTONES]:
            if row_session(row) in sessions:
                found[row_session(row)] += row["events_erased"]
        return dict(found)

    def erased_users(self, hashes: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        return {
            (row["project_id"], row["user_hash"]): row["erased_at"]
            for row in self.tables[tables.ERASED_USERS]
            if (row["project_id"], row["user_hash"]) in hashes
        }

    def expiring(self, session: Session) -> set[tuple[Kind, str]]:
        return set()

    def delete(
        self, sessions: Collection[Session], batch_ids: Collection[str] | None = None
    ) -> None:
        def stays(row: Row, session: Session | None) -> bool:
            is_of_batch = batch_ids is None or row["batch_id"] in batch_ids
            return not (session in sessions and is_of_batch)

        for table in (tables.EVENTS, tables.REPLAY_CHUNKS):
            kept = [row for row in self.tables[table] if stays(row, row_session(row))]
            self.tables[table] = kept
        self.tables[tables.REJECTED_EVENTS] = [
            row for row in self.tables[tables.REJECTED_EVENTS] if stays(row, _reject_session(row))
        ]


def session_of(document: Document) -> Session:
    return document["projectId"], document["sessionId"]


def row_session(row: Row) -> Session:
    return row["project_id"], row["session_id"]


def _reject_session(row: Row) -> Session | None:
    kept = Reject(0, "", row["session_id"], Reason(row["reason"]), "", b"")
    return session_of_reject(row["project_id"], kept)


class Stores:
    """Both doubles together."""

    def __init__(self) -> None:
        self.documents = Documents()
        self.rows = Rows()

    def land(self, *batches: SpooledBatch, watched: Any = None) -> None:
        """`watched` stands between: a Crash or an Aside."""
        pass_on = watched.between if watched else lambda store: store
        Landing(pass_on(self.documents), pass_on(self.rows)).land(batches)

    def erase(self, *sessions: Session, watched: Any = None) -> None:
        pass_on = watched.between if watched else lambda store: store
        erase(pass_on(self.documents), pass_on(self.rows), sessions, 0.0)

    def state(self) -> tuple[Any, ...]:
        """Everything but the index, as a reader of the tables sees it after FINAL."""
        return (
            {key: document["batchId"] for key, document in self.documents.kept.items()},
            self.final(tables.EVENTS, "event_id"),
            self.final(tables.REPLAY_CHUNKS, "event_id"),
            self.final(tables.REJECTED_EVENTS, "batch_id", "position"),
            self.ledger(),
        )

    def final(self, table: str, *key: str) -> dict[Any, Row]:
        """Copies of a row must be equal."""
        found: dict[Any, Row] = {}
        for row in self.rows.tables[table]:
            name = (row["project_id"], *(row[part] for part in key))
            assert found.setdefault(name, row) == row, f"two versions of a row of {table}"
        return found

    def ledger(self) -> dict[str, dict[str, Any]]:
        """By batch id, columns that are not 0 or empty."""
        rows = self.final(tables.LEDGER, "batch_id").values()
        names = (*COUNTS, "reasons")
        return {row["batch_id"]: {name: row[name] for name in names if row[name]} for row in rows}

    def index(self) -> Counter[Session]:
        counts: Counter[Session] = Counter()
        for row in self.rows.tables[tables.SESSION_INDEX]:
            counts[row_session(row)] += row["n"]
        return counts

    def events_of(self, session: Session) -> frozenset[str]:
        """Ids of the rows a run would read."""
        return frozenset(
            row["event_id"]
            for table in (tables.EVENTS, tables.REPLAY_CHUNKS)
            for row in self.rows.tables[table]
            if row_session(row) == session
        )

    def check(self) -> None:
        """What is true whenever no batch and no erasure is half done."""
        in_rows = {
            (kind, project_id, event_id): row["batch_id"]
            for kind in Kind
            for (project_id, event_id), row in self.final(f"raw.{kind.value}", "event_id").items()
        }
        owners = {key: one["batchId"] for key, one in self.documents.kept.items()}
        assert in_rows == owners
        tombstones = self.rows.tables[tables.TOMBSTONES]
        erased = {row_session(row) for row in tombstones}
        assert not erased & {session_of(one) for one in self.documents.kept.values()}
        assert not erased & {_reject_session(row) for row in self._rejects()}
        ledger = self.final(tables.LEDGER, "batch_id").values()
        for row in ledger:
            assert row["received"] == row["valid"] + row["rejected"] + row["filtered"]
            parts = ("landed", "duplicate", "refused_by_store", "erased")
            assert row["valid"] == sum(row[part] for part in parts)
        gone = sum(row["events_erased"] for row in tombstones)
        assert sum(row["landed"] for row in ledger) - gone == len(owners)

    def _rejects(self) -> list[Row]:
        return self.rows.tables[tables.REJECTED_EVENTS]
