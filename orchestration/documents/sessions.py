"""The sessions that a query at ClickHouse names, told to the other stores or written out."""

from collections import defaultdict

from clickhouse_connect.driver.client import Client

from orchestration.publish import written_out
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
    found = written_out.few(client, sessions, FEW_SESSIONS)
    if found is None:
        return None
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for project, session in found:
        ids[project].append(session)
    return Named(written_out.query(found), ids)
