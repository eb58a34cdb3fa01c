"""Reads what recordings show of the sessions of a frame, from signals.replay_facts."""

import polars as pl
from clickhouse_connect.driver.client import Client

from orchestration.signals.dead_click.schema import (
    CHANGE,
    END,
    FULL_SNAPSHOT,
    REPLAY_FACTS,
    UNREADABLE,
)
from orchestration.signals.reading import IN_RANGE, OF_PLANNED, PLANNED_EVENTS, session_range

KEY = "e.project_id AS project_id, toString(e.session_id) AS session_id"

# A recording tells of thousands of changes; sessions without a click that may be dead need none.
OF_SESSIONS_CLICKED_IN = f"""{OF_PLANNED} AND {IN_RANGE}
    AND (e.project_id, e.session_id) IN (
        SELECT e.project_id, e.session_id FROM gosight.events AS e
        WHERE e.event_type = 'click' AND e.click_button = 'left' AND e.target_is_interactive
            AND {PLANNED_EVENTS} AND {IN_RANGE})"""

QUERY = f"""
SELECT {KEY}, fact.1 AS at, fact.2 AS kind
FROM signals.replay_facts AS e
ARRAY JOIN arrayConcat(
    arrayMap(moment -> (moment, '{CHANGE}'), arrayConcat(mutations, scrolls, selections)),
    arrayMap(moment -> (moment, '{FULL_SNAPSHOT}'), snapshots),
    if(e.problem != '', [(e.timestamp, '{UNREADABLE}')], []),
    [(e.ended_at, '{END}')]) AS fact
WHERE {OF_SESSIONS_CLICKED_IN}"""


def read_replay_facts(client: Client, events: pl.DataFrame) -> pl.DataFrame:
    """REPLAY_FACTS of the sessions of a frame, which are whole and in the order read."""
    found = client.query_arrow(QUERY, parameters=session_range(events), use_strings=True)
    return pl.DataFrame(found).cast(REPLAY_FACTS)
