"""The newest session that the shop made with an SDK, as the tables have it."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.client import Client

from orchestration.retention.recording import write_recording

NEWEST = """SELECT session_id, started_at, duration_ms, page_count, click_count, error_count,
    user_id, browser, os, bot_reason
FROM gosight.sessions
WHERE project_id = {project:String} AND startsWith(entry_path, {path:String})
ORDER BY started_at DESC LIMIT 1"""
PAGES = """SELECT path, time_on_page_ms, max_scroll_depth, lcp, cls, inp, ttfb
FROM gosight.page_views
WHERE project_id = {project:String} AND session_id = {session:UUID} ORDER BY viewed_at"""
INSIGHTS = """SELECT insight_type, path, target_selector FROM gosight.insights
WHERE project_id = {project:String} AND session_id = {session:UUID} AND charged
ORDER BY timestamp"""

Answer = dict[str, Any]


def newest(client: Client, project: str, sdk: str) -> Answer:
    """Rows of texts for a page to show, the first with names; `recording` for rrweb's player."""
    parameters: dict[str, Any] = {"project": project, "path": f"/{sdk}"}
    found = client.query(NEWEST, parameters=parameters)
    if not found.result_rows:
        return {
            "state": f"No session with {sdk} yet: open its shop first, then come back.",
            **{part: [] for part in ("session", "pages", "insights", "recording")},
        }
    session, values = found.result_rows[0][0], _texts(found.result_rows[0])
    parameters = {"project": project, "session": str(session)}
    return {
        "state": f"Session {session}{_reserve(found.result_rows[0][-1])}",
        "session": [list(pair) for pair in zip(found.column_names, values, strict=True)],
        "pages": _table(client, PAGES, parameters),
        "insights": _table(client, INSIGHTS, parameters),
        "recording": _recording(client, project, session),
    }


def _reserve(bot_reason: str) -> str:
    """Why a session's pages and insights are missing, if they are."""
    if not bot_reason:
        return ""
    return f": a bot's ({bot_reason}), so no page views or insights; setting bots.counted"


def _table(client: Client, query: str, parameters: dict[str, Any]) -> list[list[Any]]:
    result = client.query(query, parameters=parameters)
    return [list(result.column_names), *(_texts(row) for row in result.result_rows)]


def _texts(row: Sequence[Any]) -> list[Any]:
    return [None if value is None else str(value) for value in row]


def _recording(client: Client, project: str, session: UUID) -> list[Any]:
    """The first window's events; [] where there is no recording."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "r.json"
        write_recording(client, project, str(session), file, [])
        events: list[Any] = json.loads(file.read_text())
    return events
