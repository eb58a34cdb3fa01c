"""Sessions written out in a query: few are planned for at once, wherever the query names them."""

from collections.abc import Sequence

from clickhouse_connect.driver.binding import format_query_value
from clickhouse_connect.driver.client import Client

Session = tuple[str, str]
"""Project and session."""


def few(client: Client, sessions: str, most: int) -> tuple[Session, ...] | None:
    """Those that a query names, each once; None: more than `most`."""
    rows = client.query(
        f"SELECT DISTINCT project_id, toString(session_id) FROM ({sessions}) LIMIT {most + 1}"
    ).result_rows
    if len(rows) > most:
        return None
    return tuple((str(project), str(session)) for project, session in rows)


def pairs(sessions: Sequence[Session]) -> str:
    """What `(project_id, session_id)` may be IN; of none, nothing."""
    return ", ".join(
        f"({format_query_value(project)}, {format_query_value(session)})"
        for project, session in sessions
    )


def query(sessions: Sequence[Session]) -> str:
    """A query of them."""
    listed = f"[{pairs(sessions)}]" if sessions else "CAST([], 'Array(Tuple(String, String))')"
    return (
        "SELECT one.1 AS project_id, toUUID(one.2) AS session_id"
        f" FROM (SELECT arrayJoin({listed}) AS one)"
    )
