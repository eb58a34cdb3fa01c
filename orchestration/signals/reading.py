"""Reads the events a signal needs, for the sessions of the open plan, from gosight.events."""

from collections.abc import Iterator

import polars as pl
from clickhouse_connect.driver.client import Client

from orchestration.signals.columns import SESSION_ENDED_AT

PLANNED = "(project_id, session_id) IN (SELECT project_id, session_id FROM ops.planned_sessions)"

UUID_COLUMNS = frozenset({"session_id", "event_id"})

SESSION_ENDS = f"""
INNER JOIN (
    SELECT project_id, session_id, max(timestamp) AS {SESSION_ENDED_AT}
    FROM gosight.events
    WHERE {PLANNED}
    GROUP BY project_id, session_id
) AS ends USING (project_id, session_id)"""


def events_query(reads: pl.Schema, event_types: tuple[str, ...]) -> str:
    """Selects the declared columns of planned sessions, each session's rows adjacent."""
    columns = ", ".join(_selected(name) for name in reads)
    types = ", ".join(f"'{name}'" for name in event_types)
    ends = SESSION_ENDS if SESSION_ENDED_AT in reads else ""
    return (
        f"SELECT {columns}\nFROM gosight.events AS events{ends}\n"
        f"WHERE event_type IN ({types}) AND {PLANNED}\n"
        "ORDER BY project_id, events.session_id"
    )


def read_events(
    client: Client, reads: pl.Schema, event_types: tuple[str, ...]
) -> Iterator[pl.DataFrame]:
    """Batches of the query above in the declared types; the engine holds no more than a few."""
    query = events_query(reads, event_types)
    with client.query_arrow_stream(query, use_strings=True) as batches:
        for batch in batches:
            yield pl.DataFrame(batch).cast(reads)


def _selected(name: str) -> str:
    if name == SESSION_ENDED_AT:
        return f"ends.{name} AS {name}"
    if name in UUID_COLUMNS:
        return f"toString(events.{name}) AS {name}"
    return f"events.{name} AS {name}"
