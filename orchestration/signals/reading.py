"""Reads the events a signal needs, for the sessions of the open plan, from gosight.events."""

from collections.abc import Iterable, Iterator, Sequence

import polars as pl
from clickhouse_connect.driver.client import Client

from orchestration.signals.columns import (
    SESSION_DEVICE_TYPE,
    SESSION_ENDED_AT,
    SESSION_KEY,
    TIMESTAMP,
)
from orchestration.signals.signal import AnySignal

PLANNED = "(project_id, session_id) IN (SELECT project_id, session_id FROM ops.planned_sessions)"

UUID_COLUMNS = frozenset({"session_id", "event_id", "view_id"})

# Qualified: `session_id` alone would be the text selected under that name, unknown to the index.
OF_PLANNED = PLANNED.replace("(project_id, session_id)", "(e.project_id, e.session_id)", 1)

# The days say nothing new, but leave months unread: the planned sessions' ids lie anywhere.
# What counts nowhere shows nothing: bots, and page views sent twice.
PLANNED_EVENTS = (
    f"{OF_PLANNED} AND e.event_date IN (SELECT day FROM ops.planned_days) AND NOT e.is_excluded"
)

# As in gosight.sessions: the first event with anything known of its device, taken whole.
DEVICE_KNOWN = (
    "concat(e.browser, e.browser_version, e.os, e.os_version, e.device_type, e.user_agent,"
    " e.language) != '' OR e.screen_width + e.screen_height + e.viewport_width"
    " + e.viewport_height > 0"
)

ORDER = "(e.timestamp, e.sent_order, UUIDToNum(e.event_id))"

# What a signal may ask of a session as a whole: how it is read, and its type.
SESSION_FACTS: dict[str, tuple[str, pl.DataType]] = {
    SESSION_ENDED_AT: ("max(e.timestamp)", TIMESTAMP),
    SESSION_DEVICE_TYPE: (
        f"argMinIf(e.device_type, {ORDER}, {DEVICE_KNOWN})",
        pl.String(),
    ),
}

IN_RANGE = """(e.project_id > {p0:String}
        OR e.project_id = {p0:String} AND e.session_id >= {s0:UUID})
    AND (e.project_id < {p1:String}
        OR e.project_id = {p1:String} AND e.session_id <= {s1:UUID})"""
"""Sessions between two, in the order of the table's key, which the engine reads as one range."""


def events_query(signal: AnySignal) -> str:
    """Selects the table's columns among those declared, in the order of the table's key.

    The engine then merges its parts instead of sorting them, so it too holds only a few blocks.
    """
    conditions = [PLANNED_EVENTS]
    if signal.event_types:
        types = ", ".join(f"'{name}'" for name in signal.event_types)
        conditions.append(f"e.event_type IN ({types})")
    if signal.narrowed_to:
        conditions.append(narrowed(signal))
    return (
        f"SELECT {', '.join(columns(signal.reads))}\nFROM gosight.events AS e\n"
        f"WHERE {' AND '.join(conditions)}\nORDER BY e.project_id, e.session_id"
    )


def columns(reads: Iterable[str]) -> list[str]:
    """Of gosight.events AS e, under their names."""
    return [
        f"toString(e.{name}) AS {name}" if name in UUID_COLUMNS else f"e.{name} AS {name}"
        for name in reads
        if name not in SESSION_FACTS
    ]


def narrowed(signal: AnySignal) -> str:
    """The condition that leaves out what cannot change the signal."""
    return signal.narrowed_to.format(planned=PLANNED_EVENTS)


def session_facts_query(facts: Sequence[str]) -> str:
    """Selects facts of the planned sessions between two."""
    columns = "".join(f", {SESSION_FACTS[name][0]} AS {name}" for name in facts)
    return (
        f"SELECT e.project_id AS project_id, toString(e.session_id) AS session_id{columns}\n"
        f"FROM gosight.events AS e\nWHERE {PLANNED_EVENTS}\n    AND {IN_RANGE}\n"
        "GROUP BY e.project_id, e.session_id"
    )


def read_events(client: Client, signal: AnySignal) -> Iterator[pl.DataFrame]:
    """Batches of the planned sessions' events as declared; each session's rows are adjacent."""
    schema = pl.Schema(
        {name: dtype for name, dtype in signal.reads.items() if name not in SESSION_FACTS}
    )
    with client.query_arrow_stream(events_query(signal), use_strings=True) as batches:
        for batch in batches:
            yield pl.DataFrame(batch).cast(schema)


def with_session_facts(client: Client, reads: pl.Schema, events: pl.DataFrame) -> pl.DataFrame:
    """Adds what `reads` declares of whole sessions, if not there, to a frame in the order read."""
    facts = [name for name in reads if name in SESSION_FACTS and name not in events.columns]
    if not facts:
        return events
    found = client.query_arrow(
        session_facts_query(facts), parameters=session_range(events), use_strings=True
    )
    schema = pl.Schema(
        {"project_id": pl.String(), "session_id": pl.String()}
        | {name: SESSION_FACTS[name][1] for name in facts}
    )
    known = pl.DataFrame(found).cast(schema)
    return events.join(known, on=SESSION_KEY, how="left").select(reads.names())


def session_range(events: pl.DataFrame) -> dict[str, str]:
    """Parameters of IN_RANGE for a frame of whole sessions in the order read."""
    (p0, s0), (p1, s1) = (events.select(SESSION_KEY).row(index) for index in (0, -1))
    return {"p0": p0, "s0": s0, "p1": p1, "s1": s1}
