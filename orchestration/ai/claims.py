"""Takes jobs out of the queue and brings them back: each is done once, whoever dies meanwhile."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from orchestration.ai.tasks import CODE_FIX, ROOT_CAUSE, SESSION_SUMMARY

Postgres = psycopg.Connection[Any]
LEASE_S = 300
"""A job whose worker said nothing for so long is taken by another: longer than any call takes."""
FIRST_BACK_OFF_S = 30  # doubles with each attempt, ten times at most: services set the counts

# Owners whose subscription allows no more, with the reason. A job that is being worked on counts:
# so many workers at once never go over the limit.
STOPPED = """
    SELECT DISTINCT ON (owned.project_id) owned.project_id,
        CASE WHEN NOT traceflow.feature_is_on(owned.user_id, 'ai_analysis')
             THEN 'ai_analysis is switched off for the project''s owner'
             ELSE 'no AI credits are left in this period' END AS why
    FROM gosight.project_members AS owned
    LEFT JOIN traceflow.traceflow_subscriptions AS paid
        ON paid.id = traceflow.subscription_of(owned.user_id)
    CROSS JOIN LATERAL (
        SELECT count(*) AS jobs FROM traceflow.traceflow_ai_queue AS busy
        JOIN gosight.project_members AS too USING (project_id)
        WHERE too.user_id = owned.user_id AND too.role = 'owner' AND busy.status = 'processing'
          AND busy.started_at > now() - make_interval(secs => %(lease)s)
    ) AS at_work
    WHERE owned.role = 'owner'
      AND (NOT traceflow.has_feature(owned.user_id, 'ai_analysis')
           OR NOT traceflow.check_subscription_limit(owned.user_id, 'ai_credits')
           OR paid.ai_credits_used + at_work.jobs >= paid.ai_credits_limit
           OR EXISTS (SELECT FROM traceflow.traceflow_user_features AS feature
                      WHERE feature.user_id = owned.user_id AND feature_id = 'ai_analysis'
                        AND current_usage + at_work.jobs >= usage_limit))
    ORDER BY owned.project_id"""
GIVE_UP = """
    UPDATE traceflow.traceflow_ai_queue
    SET status = 'failed', completed_at = now(),
        error_message = coalesce(error_message, 'its worker died')
    WHERE status = 'processing' AND attempts >= max_attempts
      AND started_at < now() - make_interval(secs => %(lease)s)"""
CLAIM = """
    UPDATE traceflow.traceflow_ai_queue AS it
    SET status = 'processing', attempts = attempts + 1, started_at = now()
    WHERE (it.project_id, it.id) = (
        SELECT project_id, id FROM traceflow.traceflow_ai_queue
        WHERE project_id <> ALL(%(stopped)s::uuid[]) AND attempts < max_attempts
          AND ((status = 'pending'
                AND (started_at IS NULL
                     OR started_at + make_interval(
                         secs => %(back_off)s * 2 ^ least(attempts - 1, 10)) <= now()))
               OR (status = 'processing'
                   AND started_at < now() - make_interval(secs => %(lease)s)))
        ORDER BY priority, created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING it.project_id::text, it.id::text, it.session_id, it.task_type, it.attempts,
              it.max_attempts,
              CASE WHEN jsonb_typeof(it.input_data) = 'object' THEN it.input_data
                   ELSE '{}' END AS input"""
# Whoever lost the job to another does not answer it a second time.
MINE = """project_id = %(project_id)s AND id = %(id)s AND status = 'processing'
      AND attempts = %(attempts)s"""
COMPLETE = f"""
    UPDATE traceflow.traceflow_ai_queue
    SET status = 'completed', completed_at = now(), result = %(result)s, error_message = NULL
    WHERE {MINE}"""
GIVE_BACK = f"""
    UPDATE traceflow.traceflow_ai_queue
    SET status = CASE WHEN %(is_final)s OR attempts >= max_attempts
                      THEN 'failed' ELSE 'pending' END,
        completed_at = CASE WHEN %(is_final)s OR attempts >= max_attempts THEN now() END,
        error_message = %(why)s
    WHERE {MINE}
    RETURNING status"""
USE_A_CREDIT = """
    UPDATE traceflow.traceflow_subscriptions SET ai_credits_used = ai_credits_used + 1
    WHERE id = (SELECT traceflow.subscription_of(user_id) FROM gosight.project_members
                WHERE project_id = %(project_id)s AND role = 'owner'
                ORDER BY created_at, user_id LIMIT 1)"""
FILL = {
    SESSION_SUMMARY: """
        UPDATE traceflow.traceflow_sessions SET ai_analyzed = true, ai_summary = %(summary)s
        WHERE project_id = %(project_id)s AND session_id = %(session_id)s""",
    ROOT_CAUSE: """
        UPDATE traceflow.traceflow_sessions SET ai_analyzed = true, ai_root_cause = %(root_cause)s
        WHERE project_id = %(project_id)s AND session_id = %(session_id)s""",
    CODE_FIX: """
        UPDATE traceflow.traceflow_ux_issues
        SET ai_description = %(description)s, ai_recommendation = %(recommendation)s,
            ai_code_suggestion = %(code_suggestion)s, ai_confidence = %(confidence)s
        WHERE project_id = %(project_id)s AND issue_key = %(issue_key)s""",
}
"""What an answer fills; that of a journey stays in the queue's row: no table has a place for it."""


@dataclass(frozen=True)
class Job:
    """One attempt at one row of the queue."""

    project_id: str
    id: str
    session_id: str
    task_type: str
    attempts: int
    max_attempts: int
    input: dict[str, Any]

    @property
    def issue_key(self) -> str | None:
        """Of the issue it is about, if it is about one; services may write anything there."""
        try:
            return str(UUID(str(self.input.get("issue_key"))))
        except ValueError:
            return None

    @property
    def named(self) -> dict[str, Any]:
        """What statements name it by."""
        ids = {"project_id": self.project_id, "id": self.id, "session_id": self.session_id}
        return {**ids, "attempts": self.attempts, "issue_key": self.issue_key}


def stopped(connection: Postgres) -> dict[str, str]:
    """Projects of which nothing more is worked on now, each with its reason."""
    rows = connection.execute(STOPPED, {"lease": LEASE_S}).fetchall()
    return {str(project): why for project, why in rows}


def claim(connection: Postgres) -> Job | None:
    """The next job that is due and allowed, as this worker's; None when there is none.

    Claims follow one another, so that no two of them use the same last credit.
    """
    with connection.transaction(), connection.cursor(row_factory=class_row(Job)) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('traceflow_ai_queue'))")
        cursor.execute(GIVE_UP, {"lease": LEASE_S})
        given = {"lease": LEASE_S, "back_off": FIRST_BACK_OFF_S}
        return cursor.execute(CLAIM, {**given, "stopped": list(stopped(connection))}).fetchone()


def complete(connection: Postgres, job: Job, answer: dict[str, Any], model: str) -> bool:
    """Keep the answer where it belongs and count its credit, all or nothing.

    False when the job is another worker's by now: then nothing is kept.
    """
    result = Jsonb({**answer, "model": model})
    with connection.transaction():
        if not connection.execute(COMPLETE, {**job.named, "result": result}).rowcount:
            return False
        if statement := FILL.get(job.task_type):
            connection.execute(statement, {**job.named, **answer})
        connection.execute(USE_A_CREDIT, job.named)
    return True


def give_back(connection: Postgres, job: Job, why: str, *, is_final: bool = False) -> str:
    """To be tried again, or `failed` after the last attempt; '' when it is another worker's."""
    given = {**job.named, "why": why, "is_final": is_final}
    row = connection.execute(GIVE_BACK, given).fetchone()
    return str(row[0]) if row else ""
