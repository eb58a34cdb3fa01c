"""Erases sessions for good: a tombstone first, then both stores, then the index."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client
from pymongo import MongoClient

from ingest.clock import now_ms
from ingest.decode.checks import canonical_uuid
from ingest.landing.landing import add_to_index
from ingest.sinks import names as tables
from ingest.sinks.clickhouse import ClickHouseSink
from ingest.sinks.interface import DocumentStore, RowStore, Session
from ingest.sinks.mongodb import MongoSink

SETTLE_SECONDS = 5.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Erased:
    """`events` (replay payloads too) is what the ledger counts as landed and no store holds now."""

    sessions: int
    events: int


def erase_sessions(
    mongo: "MongoClient[dict[str, Any]]",
    clickhouse: Client,
    project_id: str,
    session_ids: Iterable[str],
    settle_seconds: float = SETTLE_SECONDS,
) -> Erased:
    """Delete all rows and documents of these sessions; none of their events lands ever again.

    Ids may be in any form of a UUID; of a session that was cut out of a visitor's month, the whole
    month goes (docs/decisions/0011-sessions-by-silence.md). Safe to repeat, and to be repeated
    after it died at any step: StoreError says that it must be. `settle_seconds` is how long batches
    are waited for that are between the stores and the ledger, so that each event counts as landed
    or as erased, not both.
    """
    documents, rows = MongoSink(mongo), ClickHouseSink(lambda: clickhouse)
    ids = {canonical_uuid(text) for text in session_ids}
    sessions = sorted((project_id, one) for one in ids | _visitors(clickhouse, project_id, ids))
    return erase(documents, rows, sessions, settle_seconds)


def _visitors(clickhouse: Client, project_id: str, session_ids: set[str]) -> set[str]:
    rows = clickhouse.query(
        "SELECT DISTINCT toString(visitor_id) FROM ops.visitor_sessions"
        " WHERE project_id = {project:String} AND session_id IN {ids:Array(UUID)}",
        parameters={"project": project_id, "ids": sorted(session_ids)},
    ).result_rows
    return {visitor for (visitor,) in rows}


def erase(
    documents: DocumentStore, rows: RowStore, sessions: Sequence[Session], settle_seconds: float
) -> Erased:
    """As `erase_sessions`; ids are canonical."""
    # From here on nothing of these sessions lands, and what is landing is dropped again.
    missing = set(sessions) - rows.erased(sessions).keys()
    _write_tombstones(rows, dict.fromkeys(sorted(missing), 0))
    _count(documents, rows, sessions, settle_seconds)
    for session in sessions:
        documents.erase(session)
    rows.delete(sessions)
    add_to_index(rows, sessions)
    return Erased(len(sessions), sum(rows.erased(sessions).values()))


def _count(
    documents: DocumentStore, rows: RowStore, sessions: Sequence[Session], settle_seconds: float
) -> None:
    """Keep how many landed events go: a second tombstone, once, before anything is deleted.

    What an expiry has counted counts as expired, even if it is there still.
    """
    counted = rows.erased(sessions)
    waiting = [session for session in sessions if not counted.get(session)]
    end = time.monotonic() + settle_seconds
    while True:
        found = {session: _batches(documents, rows, session) for session in waiting}
        batches = {(project, batch) for (project, _), ids in found.items() for batch in ids}
        in_ledger = rows.ledgered(batches)
        if len(in_ledger) == len(batches) or time.monotonic() > end:
            break
        time.sleep(_POLL_SECONDS)
    # What is in no ledger row will be counted there, as erased.
    landed = {session: sum(one in in_ledger for one in ids) for session, ids in found.items()}
    _write_tombstones(rows, {session: count for session, count in landed.items() if count})


def _batches(documents: DocumentStore, rows: RowStore, session: Session) -> list[str]:
    """The batch of each document that no expiry has counted."""
    expiring = rows.expiring(session)
    return [one[1] for one in documents.batches_of(session) if one not in expiring]


def _write_tombstones(rows: RowStore, counts: dict[Session, int]) -> None:
    now = now_ms()
    if counts:
        rows.insert(
            tables.TOMBSTONES,
            [
                {
                    "project_id": project_id,
                    "session_id": session_id,
                    "erased_at": now,
                    "events_erased": count,
                    "is_late": False,
                }
                for (project_id, session_id), count in counts.items()
            ],
        )
