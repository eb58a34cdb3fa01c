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
SELECT {KEY}, change AS at, '{CHANGE}' AS kind
FROM signals.replay_facts AS e ARRAY JOIN arrayConcat(mutations, scrolls, selections) AS change
WHERE {OF_SESSIONS_CLICKED_IN}
UNION ALL
SELECT {KEY}, e.timestamp AS at, '{UNREADABLE}' AS kind
FROM signals.replay_facts AS e
WHERE e.problem != '' AND {OF_SESSIONS_CLICKED_IN}
UNION ALL
SELECT {KEY}, min(snapshot) AS at, '{FULL_SNAPSHOT}' AS kind
FROM signals.replay_facts AS e ARRAY JOIN snapshots AS snapshot
WHERE {OF_SESSIONS_CLICKED_IN} GROUP BY e.project_id, e.session_id
UNION ALL
SELECT {KEY}, max(e.ended_at) AS at, '{END}' AS kind
FROM signals.replay_facts AS e
WHERE {OF_SESSIONS_CLICKED_IN} GROUP BY e.project_id, e.session_id"""


def read_replay_facts(client: Client, events: pl.DataFrame) -> pl.DataFrame:
    """REPLAY_FACTS of the sessions of a frame, which are whole and in the order read."""
    found = client.query_arrow(QUERY, parameters=session_range(events), use_strings=True)
    return pl.DataFrame(found).cast(REPLAY_FACTS)
