"""Reads the events a signal needs, for the sessions of the open plan, from gosight.events."""

from collections.abc import Iterator

import polars as pl
from clickhouse_connect.driver.client import Client

from orchestration.signals.columns import SESSION_ENDED_AT, SESSION_KEY, TIMESTAMP

PLANNED = "(project_id, session_id) IN (SELECT project_id, session_id FROM ops.planned_sessions)"

UUID_COLUMNS = frozenset({"session_id", "event_id"})

# Qualified: `session_id` alone would be the text selected under that name, unknown to the index.
PLANNED_EVENTS = PLANNED.replace("(project_id, session_id)", "(e.project_id, e.session_id)", 1)

ENDS_QUERY = f"""
SELECT e.project_id AS project_id, toString(e.session_id) AS session_id,
    max(e.timestamp) AS {SESSION_ENDED_AT}
FROM gosight.events AS e
WHERE {PLANNED_EVENTS}
    AND (e.project_id > {{p0:String}}
        OR e.project_id = {{p0:String}} AND e.session_id >= {{s0:UUID}})
    AND (e.project_id < {{p1:String}}
        OR e.project_id = {{p1:String}} AND e.session_id <= {{s1:UUID}})
GROUP BY e.project_id, e.session_id"""

ENDS_SCHEMA = pl.Schema(
    {"project_id": pl.String(), "session_id": pl.String(), SESSION_ENDED_AT: TIMESTAMP}
)


def events_query(reads: pl.Schema, event_types: tuple[str, ...]) -> str:
    """Selects the table's columns among those declared, in the order of the table's key.

    The engine then merges its parts instead of sorting them, so it too holds only a few blocks.
    """
    columns = ", ".join(
        f"toString(e.{name}) AS {name}" if name in UUID_COLUMNS else f"e.{name} AS {name}"
        for name in reads
        if name != SESSION_ENDED_AT
    )
    types = ", ".join(f"'{name}'" for name in event_types)
    return (
        f"SELECT {columns}\nFROM gosight.events AS e\n"
        f"WHERE e.event_type IN ({types}) AND {PLANNED_EVENTS}\n"
        "ORDER BY e.project_id, e.session_id"
    )


def read_events(
    client: Client, reads: pl.Schema, event_types: tuple[str, ...]
) -> Iterator[pl.DataFrame]:
    """Batches of the planned sessions' events as declared; each session's rows are adjacent."""
    schema = pl.Schema({name: dtype for name, dtype in reads.items() if name != SESSION_ENDED_AT})
    with client.query_arrow_stream(events_query(reads, event_types), use_strings=True) as batches:
        for batch in batches:
            yield pl.DataFrame(batch).cast(schema)


def with_session_ends(client: Client, events: pl.DataFrame) -> pl.DataFrame:
    """Adds SESSION_ENDED_AT to a frame of whole sessions in the order they were read in."""
    (p0, s0), (p1, s1) = (events.select(SESSION_KEY).row(index) for index in (0, -1))
    ends = client.query_arrow(
        ENDS_QUERY, parameters={"p0": p0, "s0": s0, "p1": p1, "s1": s1}, use_strings=True
    )
    return events.join(pl.DataFrame(ends).cast(ENDS_SCHEMA), on=SESSION_KEY, how="left")
