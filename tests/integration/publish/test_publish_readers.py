"""What readers see while a publish is at work."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from hxi.admin import clients
from tests.integration.publish.stand_in_marts import PROJECT, Visit, named
from tests.integration.publish.warehouse import Warehouse

VERSIONS = (3, 6, 4, 5)
# Table -> the column that says which version of the session a row belongs to.
VERSIONED = {
    "hxi.sessions": "app_version",
    "hxi.events": "screen_name",
    "hxi.rage_click_events": "'v' || click_count",
    "hxi.heatmap_points": "screen_name",
    "hxi.journey_steps": "screen_name",
    "hxi.latency_metrics": "screen_name",
    "hxi.experience_scores": "'v' || score",
    "hxi.error_logs": "screen_name",
    "hxi.session_replay_chunks": "chunk_data ->> 'version'",
    "traceflow.traceflow_sessions": "'v' || 100 - frustration_score",
    "traceflow.traceflow_events": "metadata ->> 'version'",
    "traceflow.session_recordings": "events -> 0 ->> 'version'",
    "traceflow.traceflow_ux_issue_sessions": "page_url",
}
# Rows by session, table and version, in one statement: one snapshot.
SEEN = (
    " UNION ALL ".join(
        f"SELECT session_id::text, '{table}', {version}, count(*) FROM {table} GROUP BY 1, 3"
        for table, version in VERSIONED.items()
    )
    + """
    UNION ALL SELECT session_id::text, 'users', app_version, count(*)
    FROM hxi.users JOIN hxi.sessions USING (project_id, user_id) GROUP BY 1, 3
    UNION ALL SELECT user_id::text, 'users without a session', '', 1
    FROM hxi.users AS alone
    WHERE NOT EXISTS (SELECT FROM hxi.sessions WHERE sessions.user_id = alone.user_id)
    UNION ALL SELECT project_id::text, 'issues without their sessions', '', 1
    FROM traceflow.traceflow_ux_issues AS issues
    WHERE affected_sessions != (
        SELECT count(*) FROM traceflow.traceflow_ux_issue_sessions AS met
        WHERE (met.project_id, met.issue_key) = (issues.project_id, issues.issue_key))"""
)


def version_of(name: str, version: int) -> Visit:
    """A visit whose rows say their version, and of which each version has other numbers."""
    text = f"v{version}"
    session = {"app_version": text, "user_id": f"{name} {version % 2}"}
    visit = Visit(named(name), PROJECT, session, score={"score": version})
    payload = json.dumps({"version": text})
    for _ in range(version):
        visit = visit.click(path=text, payload=payload)
    visit = visit.insight("dead_click", path=text).rage(version, path=text)
    visit = visit.request(path=text, payload=payload)
    visit = visit.event("js_error", path=text, payload=payload)
    chunk = json.dumps({"version": text}).encode()
    return replace(visit, steps=(text,) * version, chunks=(chunk,))


def expected(version: int) -> set[tuple[str, str, int]]:
    """What SEEN says of a session of this version."""
    rows = dict.fromkeys([*VERSIONED, "users"], 1)
    rows |= dict.fromkeys(["hxi.events", "traceflow.traceflow_events"], version + 2)
    rows |= dict.fromkeys(["hxi.heatmap_points", "hxi.journey_steps"], version)
    rows |= {"traceflow.traceflow_ux_issue_sessions": 3}
    return {(table, f"v{version}", count) for table, count in rows.items()}


State = frozenset[tuple[str, str, str, int]]


def states_seen(dsn: str, over: threading.Event) -> set[State]:
    """Read as fast as possible until told to stop."""
    seen: set[State] = set()
    with clients.postgres(dsn) as connection:
        while not over.is_set():
            rows = connection.execute(SEEN.encode()).fetchall()
            seen.add(frozenset((str(key), table, version, n) for key, table, version, n in rows))
    return seen


def publish_versions(warehouse: Warehouse, names: list[str]) -> None:
    """One version after the other, and after each a publish that erases four sessions."""
    for version in VERSIONS:
        visits = [version_of(name, version) for name in names]
        warehouse.marts.put(*visits)
        warehouse.publish(*visits)
        warehouse.marts.erase(*visits[:4])
        warehouse.publish(*visits)


def test_a_reader_never_sees_a_session_without_its_rows_nor_rows_of_two_versions(
    warehouse: Warehouse,
) -> None:
    names = [f"visit {number}" for number in range(8)]
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(states_seen, warehouse.dsn, over)
        try:
            publish_versions(warehouse, names)
        finally:
            over.set()

    versions = {
        frozenset((str(named(name)), *fact) for name in present for fact in expected(version))
        for version in VERSIONS
        for present in (names, names[4:])
    }
    assert reader.result() <= {frozenset(), *versions}
    assert len(reader.result()) > len(VERSIONS)  # else the reader proved nothing
