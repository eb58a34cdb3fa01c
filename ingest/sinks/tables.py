"""The columns that ingest fills in each table of ClickHouse's database raw."""

import pyarrow as pa

from ingest.decode import arrow
from ingest.sinks.names import (
    ERASED_USERS,
    EVENTS,
    LEDGER,
    PREDICTIONS,
    REJECTED_EVENTS,
    REPLAY_CHUNKS,
    SESSION_INDEX,
    TOMBSTONES,
)

_TEXT, _TIME, _UINT32, _UINT64 = (
    pa.string(),
    pa.timestamp("ms", tz="UTC"),
    pa.uint32(),
    pa.uint64(),
)


def _schema(*fields: tuple[str, pa.DataType]) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in fields])


COLUMNS: dict[str, pa.Schema] = {
    EVENTS: arrow.EVENTS,
    REPLAY_CHUNKS: arrow.REPLAY_CHUNKS,
    SESSION_INDEX: _schema(("project_id", _TEXT), ("session_id", _TEXT), ("n", _UINT64)),
    REJECTED_EVENTS: _schema(
        ("project_id", _TEXT),
        ("batch_id", _TEXT),
        ("position", _UINT32),
        ("event_id", _TEXT),
        ("session_id", _TEXT),
        ("reason", _TEXT),
        ("detail", _TEXT),
        ("raw", pa.binary()),
        ("ingested_at", _TIME),
    ),
    LEDGER: _schema(
        ("project_id", _TEXT),
        ("batch_id", _TEXT),
        ("door", _TEXT),
        ("sdk_version", _TEXT),
        ("received", _UINT32),
        ("valid", _UINT32),
        ("rejected", _UINT32),
        ("filtered", _UINT32),
        ("landed", _UINT32),
        ("landed_replay", _UINT32),
        ("duplicate", _UINT32),
        ("refused_by_store", _UINT32),
        ("erased", _UINT32),
        ("reasons", pa.map_(_TEXT, _UINT32)),
        ("privacy", pa.map_(_TEXT, _UINT32)),
        ("sent_at", _TIME),
        ("ingested_at", _TIME),
    ),
    TOMBSTONES: _schema(
        ("project_id", _TEXT),
        ("session_id", _TEXT),
        ("erased_at", _TIME),
        ("events_erased", _UINT64),
        ("is_late", pa.bool_()),
    ),
    ERASED_USERS: _schema(("project_id", _TEXT), ("user_hash", _TEXT), ("erased_at", _TIME)),
    PREDICTIONS: _schema(
        ("project_id", _TEXT),
        ("session_id", _TEXT),
        ("prediction_id", _TEXT),
        ("emotion", _TEXT),
        ("confidence", pa.float64()),
        ("timestamp", _TIME),
        ("model_version", _TEXT),
    ).append(pa.field("event_id", _TEXT)),
}
