"""Two projects that hold the same session, event and user ids in every served table."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg

from hxi.admin import access, projects

# What is set beside project_id, by table; parents first. Texts are the project's own word;
# durations are 1 ms here and 777 there.
ID, TEXT_ID, WORD, ERROR = "%(id)s", "%(id)s::text", "%(word)s", "'error'"
IN_SESSION = {"session_id": ID}
OF_EVENT = IN_SESSION | {"source_event_id": ID}
IN_TEXT_SESSION = {"session_id": TEXT_ID}
ISSUE = {"issue_key": ID, "issue_type": ERROR, "page_url": WORD}
ROWS = {
    "hxi.users": {"user_id": ID, "external_user_id": WORD, "email": WORD},
    "hxi.sessions": IN_SESSION | {"user_id": ID, "ip_address": WORD, "duration_ms": "%(ms)s"},
    "hxi.events": OF_EVENT | {"page_url": WORD},
    "hxi.rage_click_events": IN_SESSION | {"insight_id": ID, "screen_name": WORD},
    "hxi.heatmap_points": OF_EVENT | {"screen_name": WORD},
    "hxi.journey_steps": IN_SESSION | {"step_number": "1", "screen_name": WORD},
    "hxi.latency_metrics": OF_EVENT | {"api_endpoint": WORD},
    "hxi.emotion_predictions": IN_SESSION | {"prediction_id": ID, "predicted_emotion": WORD},
    "hxi.experience_scores": IN_SESSION | {"not_scored_reason": WORD},
    "hxi.session_replay_chunks": IN_SESSION
    | {"chunk_index": "0", "chunk_data": "to_jsonb(%(word)s::text)"},
    "hxi.error_logs": OF_EVENT | {"error_message": WORD},
    "traceflow.traceflow_sessions": IN_TEXT_SESSION | {"ip_address": WORD},
    "traceflow.traceflow_events": IN_TEXT_SESSION | {"event_type": "'click'", "page_url": WORD},
    "traceflow.session_recordings": IN_TEXT_SESSION | {"ip_address": WORD},
    "traceflow.traceflow_ux_issue_sessions": IN_TEXT_SESSION
    | ISSUE
    | {"occurrence_count": "1", "first_detected_at": "now()", "last_detected_at": "now()"},
    "traceflow.traceflow_ux_issues": ISSUE,
    "traceflow.traceflow_ai_queue": IN_TEXT_SESSION | {"task_type": WORD},
    "traceflow.neurorouter_logs": {"task_type": WORD, "model_selected": WORD, "provider": WORD},
    "traceflow.audit_logs": {
        "action": "'issue_status'",
        "target_type": "'traceflow_ux_issue'",
        "target_id": TEXT_ID,
        "details": "jsonb_build_object('login', %(word)s::text)",
    },
}
# Its channels hold secrets: the rule is nobody's to read, what came of it is.
ALERT = """
    WITH rule AS (
        INSERT INTO gosight.alert_rules (project_id, name, condition_type, condition)
        VALUES (%(project)s, %(word)s, 'threshold', '{}') RETURNING id)
    INSERT INTO gosight.alert_history (rule_id, project_id, metric_value, threshold)
    SELECT id, %(project)s, 2, 1 FROM rule"""
FILTER = """
    INSERT INTO gosight.saved_filters (project_id, user_id, name, filter_type, filter, is_shared)
    VALUES (%(project)s, %(member)s, %(word)s, 'sessions', '{}', true)"""
SESSIONS = 12  # enough that the server keeps common values of columns


@dataclass(frozen=True)
class Holder:
    """A project, its one member, a BI login of it, and the word its rows are full of."""

    project: str
    member: UUID
    login: str
    dsn: str
    word: str


@dataclass(frozen=True)
class TwoProjects:
    """`dsn` is the owner's, `admin_dsn` the superuser's, of the same database."""

    dsn: str
    admin_dsn: str
    ours: Holder
    theirs: Holder


def fill(connection: psycopg.Connection[Any], owner_dsn: str) -> tuple[Holder, Holder]:
    """Make both projects, their rows and their logins."""
    ids = [uuid4() for _ in range(SESSIONS)]
    ours = _hold(connection, owner_dsn, ids, "ours")
    theirs = _hold(connection, owner_dsn, ids, "theirs")
    connection.execute("ANALYZE")
    return ours, theirs


def _hold(
    connection: psycopg.Connection[Any], owner_dsn: str, ids: list[UUID], whose: str
) -> Holder:
    word = f"{whose}-{uuid4().hex}"
    project, _, _ = projects.create(connection, word)
    values = {"project": project, "word": word, "ms": 1 if whose == "ours" else 777}
    for table, columns in ROWS.items():
        insert = (
            f"INSERT INTO {table} (project_id, {', '.join(columns)})"
            f" VALUES (%(project)s, {', '.join(columns.values())})"
        )
        with connection.cursor() as cursor:
            cursor.executemany(insert.encode(), [values | {"id": one} for one in ids])
    connection.execute(ALERT, values)
    ((member,),) = connection.execute(
        "INSERT INTO gosight.users (email, password_hash) VALUES (%s, %s) RETURNING id",
        (word, word),
    ).fetchall()
    connection.execute("INSERT INTO gosight.project_members VALUES (%s, %s)", (project, member))
    connection.execute(FILTER, values | {"member": member})
    login = f"bi_{uuid4().hex}"
    password = access.grant(connection, login, [project])
    assert password is not None
    return Holder(project, member, login, access.dsn_of(owner_dsn, login, password), word)


def forget_logins(connection: psycopg.Connection[Any], two: TwoProjects) -> None:
    """Logins are the whole server's, so they would outlive the database."""
    for holder in (two.ours, two.theirs):
        if connection.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s", (holder.login,)
        ).fetchone():
            access.drop(connection, holder.login)
