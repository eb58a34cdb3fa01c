"""A batch in the spool: the record, and its table in SQLite."""

import sqlite3
from dataclasses import dataclass

ROW_OVERHEAD_BYTES = 256

SCHEMA = """
CREATE TABLE IF NOT EXISTS batches
(
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id    TEXT NOT NULL UNIQUE,
    project_id  TEXT NOT NULL,
    door        TEXT NOT NULL,
    sdk_version TEXT NOT NULL,
    sent_at     INTEGER NOT NULL,
    ingested_at INTEGER NOT NULL,
    received    INTEGER NOT NULL,
    valid       INTEGER NOT NULL,
    filtered    INTEGER NOT NULL,
    body        BLOB NOT NULL,
    positions   BLOB NOT NULL,
    rejects     BLOB NOT NULL,
    privacy     BLOB NOT NULL DEFAULT x''
) STRICT
"""
COLUMNS = (
    "batch_id, project_id, door, sdk_version, sent_at, ingested_at, received, valid, filtered,"
    " body, positions, rejects, privacy"
)
# Columns that a spool of an earlier version lacks.
_NEW_COLUMNS = {"privacy": "BLOB NOT NULL DEFAULT x''"}


@dataclass(frozen=True, slots=True)
class SpooledBatch:
    """An accepted batch as it is kept: everything that landing needs, so that each retry is equal.

    `body` is an EventBatch of the valid events alone, without the key; `positions` are their
    indexes in the batch as sent (JSON; empty = 0, 1, 2 …); `rejects` as `rejects.dump` makes them;
    `privacy` counts what was filtered and masked (JSON; empty = nothing).
    Times are ms since 1970.
    """

    batch_id: str
    project_id: str
    door: str
    sdk_version: str
    sent_at: int
    ingested_at: int
    received: int
    valid: int
    filtered: int
    body: bytes
    positions: bytes
    rejects: bytes
    privacy: bytes = b""

    @property
    def size(self) -> int:
        """What it counts against the spool's bound."""
        return len(self.body) + len(self.positions) + len(self.rejects) + ROW_OVERHEAD_BYTES


def make_table(connection: sqlite3.Connection) -> None:
    """Make it where it is not there, with all its columns."""
    connection.execute(SCHEMA)
    there = {name for _, name, *_ in connection.execute("PRAGMA table_info(batches)")}
    for name, declaration in _NEW_COLUMNS.items():
        if name not in there:
            connection.execute(f"ALTER TABLE batches ADD COLUMN {name} {declaration}")
