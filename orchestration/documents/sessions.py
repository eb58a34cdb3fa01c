"""The sessions that a query at ClickHouse names, told to the other stores or written out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from clickhouse_connect.driver.binding import format_query_value
from clickhouse_connect.driver.client import Client

from orchestration.publish.parts import Named

# Written out they are planned for at once; the query is, wherever a collection names it: thirty
# times a run, and it reads three tables. One statement names them eighteen times, and the engine
# takes 256 KiB of text: more than 167 would be refused.
FEW_SESSIONS = 50


def by_project(client: Client, sessions: str) -> dict[str, list[str]]:
    """Their ids, each once."""
    rows = client.query(
        "SELECT project_id, groupUniqArray(toString(session_id))"
        f" FROM ({sessions}) GROUP BY project_id"
    ).result_rows
    return {str(project): list(map(str, ids)) for project, ids in rows}


def few(client: Client, sessions: str) -> Named | None:
    """They as they are now, in a query that has them written out; None: more than FEW_SESSIONS."""
    rows = client.query(
        f"SELECT DISTINCT project_id, toString(session_id) FROM ({sessions})"
        f" LIMIT {FEW_SESSIONS + 1}"
    ).result_rows
    if len(rows) > FEW_SESSIONS:
        return None
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for project, session in rows:
        ids[str(project)].append(str(session))
    return Named(written_out(ids), ids)


def written_out(ids: Mapping[str, Sequence[str]]) -> str:
    """A query of these sessions, by project."""
    pairs = [
        f"({format_query_value(project)}, {format_query_value(session)})"
        for project, sessions in ids.items()
        for session in sessions
    ]
    listed = f"[{', '.join(pairs)}]" if pairs else "CAST([], 'Array(Tuple(String, String))')"
    return (
        "SELECT one.1 AS project_id, toUUID(one.2) AS session_id"
        f" FROM (SELECT arrayJoin({listed}) AS one)"
    )
