"""Sessions that count as built while the marts do not hold them: they are planned again.

A run that was closed too early, by an earlier version or by hand, leaves such sessions, and so does
whoever deletes rows of a mart. Asked with no plan open or before one is opened.
"""

from clickhouse_connect.driver.client import Client

from orchestration.plan.plan import SEALED
from orchestration.stores.clients import integer

KEY = "project_id, session_id"
NONE = f"SELECT {KEY} FROM ops.done WHERE 0"
# Sessions that a plan could build, and the events of theirs that it would.
OPEN = f"({KEY}) NOT IN ({SEALED}) AND ({KEY}) NOT IN (SELECT {KEY} FROM raw.tombstones)"
ON_OPEN_DAYS = """(project_id, toDate(timestamp)) NOT IN
    (SELECT project_id, day FROM ops.closed_days)"""

# A visitor of an SDK that tells no session is done; what was cut out of it is in the marts.
CUT = "SELECT project_id, session_id FROM ops.visitor_sessions"
OF_VISITORS = f"""
    SELECT project_id, visitor_id FROM ops.visitor_sessions
    WHERE (project_id, session_id) IN (SELECT {KEY} FROM gosight.sessions)"""
ABSENT = f"""
    SELECT {KEY} FROM ops.done WHERE ({KEY}) NOT IN (SELECT {KEY} FROM gosight.sessions)
    AND ({KEY}) NOT IN ({OF_VISITORS})"""
# Built from events of which the marts know nothing; few are absent, so little of raw is read.
NOT_IN_MARTS = f"""
    SELECT {KEY} FROM raw.events WHERE ({KEY}) IN ({ABSENT}) AND {OPEN} AND {ON_OPEN_DAYS}"""
# One row of each has one of the others, which says how many events there are, page views sent twice
# once; bots have no score.
COUNTED = f"""
    SELECT {KEY} FROM (
        SELECT {KEY}, toUInt8(NOT is_doubled) AS events, 0 AS counted, 0 AS to_score, 0 AS scored
        FROM gosight.events
        UNION ALL SELECT {KEY}, 0, event_count, NOT is_excluded, 0 FROM gosight.sessions
        UNION ALL SELECT {KEY}, 0, 0, 0, 1 FROM gosight.experience_scores)
    WHERE {OPEN}
    GROUP BY {KEY} HAVING sum(events) != sum(counted) OR sum(scored) != sum(to_score)"""
TOTALS = """
    SELECT (SELECT countIf(NOT is_doubled) FROM gosight.events)
         = (SELECT sum(event_count) FROM gosight.sessions)
       AND (SELECT countIf(NOT is_excluded) FROM gosight.sessions)
         = (SELECT count() FROM gosight.experience_scores)"""
# The events themselves: their ids, whichever copies have not been merged yet. Parts of clicks are
# in raw alone, and events of a visitor are in its sessions.
OTHER_EVENTS = f"""
    SELECT {KEY} FROM (
        SELECT DISTINCT {KEY}, event_id, true AS is_raw FROM raw.events
        WHERE {ON_OPEN_DAYS} AND event_type != 'click_detail'
        UNION ALL SELECT {KEY}, event_id, false FROM gosight.events WHERE {ON_OPEN_DAYS})
    WHERE {OPEN} AND ({KEY}) NOT IN ({CUT}) AND ({KEY}) NOT IN ({OF_VISITORS})
    GROUP BY {KEY}
    HAVING countIf(is_raw) != countIf(NOT is_raw) OR groupBitXor(sipHash64(event_id)) != 0"""
MARTS = ("events", "sessions", "experience_scores")
THERE = f"SELECT count() FROM system.tables WHERE database = 'gosight' AND name IN {MARTS}"


def doubted(client: Client, *, thorough: bool = False, are_there: bool = False) -> str:
    """A query of sessions to build again, whatever `ops.done` says.

    Compares sums first, which is soon done; `thorough` compares each session's events with raw.
    `are_there`: the marts are known to be.
    """
    if not are_there and integer(client, THERE) < len(MARTS):
        return NONE  # such a table costs a full plan anyway
    if thorough:
        return f"{NOT_IN_MARTS} UNION DISTINCT {COUNTED} UNION DISTINCT {OTHER_EVENTS}"
    if integer(client, TOTALS):
        return NOT_IN_MARTS
    return f"{NOT_IN_MARTS} UNION DISTINCT {COUNTED}"
