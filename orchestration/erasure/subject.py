"""Which sessions a request is about, as the stores tell it now."""

from typing import Any

from clickhouse_connect.driver.client import Client
from pymongo import MongoClient

from ingest.decode.checks import canonical_uuid
from ingest.schema import mongo as schema
from ingest.sinks.mongodb import translated
from orchestration.erasure.clickhouse import columns
from orchestration.erasure.requests import Subject

# Raw rows may have expired, and the marts may not be built yet.
TIMES = ("raw.events", "raw.replay_chunks", "gosight.events")
# What was cut out of a visitor goes with the visitor's month (decision 11), and the month with it.
RELATED = """
SELECT DISTINCT toString(arrayJoin([visitor_id, session_id])) FROM ops.visitor_sessions
WHERE project_id = {project:String} AND visitor_id IN (
    SELECT visitor_id FROM ops.visitor_sessions WHERE project_id = {project:String}
    AND (session_id IN {ids:Array(UUID)} OR visitor_id IN {ids:Array(UUID)}))
"""


def sessions_of(client: Client, mongo: "MongoClient[dict[str, Any]]", subject: Subject) -> set[str]:
    """Canonical ids; those cut out of visitors and the visitors' own too."""
    if subject.session_id:
        found = {canonical_uuid(subject.session_id)}
    elif subject.user_id:
        found = _of_user(client, subject) | _summarised(mongo, subject)
    else:
        found = _older(client, subject)
    return found | _related(client, subject, found)


def _of_user(client: Client, subject: Subject) -> set[str]:
    """Sessions with any event of the user, whoever else was there."""
    tables = {one.table for one in columns(client) if one.name == "user_id"}
    both = tables & {one.table for one in columns(client) if one.name == "session_id"}
    rows = [
        f"SELECT toString(session_id) FROM {table}"
        " WHERE project_id = {project:String} AND user_id = {user:String}"
        for table in sorted(both)
    ]
    return _ids(client, " UNION DISTINCT ".join(rows), subject)


def _summarised(mongo: "MongoClient[dict[str, Any]]", subject: Subject) -> set[str]:
    query = {"projectId": {"$eq": subject.project_id}, "userId": {"$eq": subject.user_id}}
    with translated():
        found = schema.SESSIONS.of(mongo).find(query, {"sessionId": 1})
        return {document["sessionId"] for document in found}


def _older(client: Client, subject: Subject) -> set[str]:
    """Sessions without an event on that day or later; those of visitors by their month."""
    there = {one.table for one in columns(client)}
    rows = " UNION ALL ".join(
        f"SELECT session_id, timestamp FROM {table} WHERE project_id = {{project:String}}"
        for table in TIMES
        if table in there
    )
    return _ids(
        client,
        f"SELECT toString(session_id) FROM ({rows}) WHERE session_id NOT IN"
        " (SELECT session_id FROM ops.visitor_sessions WHERE project_id = {project:String})"
        " GROUP BY session_id HAVING max(timestamp) < toDateTime64({before:String}, 3, 'UTC')",
        subject,
    )


def _related(client: Client, subject: Subject, found: set[str]) -> set[str]:
    if not found or not client.query("SELECT 1 FROM ops.visitor_sessions LIMIT 1").result_rows:
        return set()
    return _ids(client, RELATED, subject, sorted(found))


def _ids(client: Client, query: str, subject: Subject, ids: list[str] | None = None) -> set[str]:
    given = {
        "project": subject.project_id,
        "user": subject.user_id or "",
        "before": str(subject.before or ""),
        "ids": ids or [],
    }
    return {session for (session,) in client.query(query, parameters=given).result_rows}
