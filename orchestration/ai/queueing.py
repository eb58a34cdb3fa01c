"""Puts into the queue what is worth explaining, each once: troubled visits and new issues."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from orchestration.ai.tasks import CODE_FIX, ROOT_CAUSE, SESSION_SUMMARY

Postgres = psycopg.Connection[Any]

# Of `gosight.projects.settings`, section `ai`; what is not set there.
SCORE_BELOW = 60
"""Experience score under which a visit is worth explaining: two fifths of its points are gone."""
SEVERITIES = ("critical", "high")
AT_MOST = 200
"""Jobs that one call puts into the queue for a project, worst first: a first look back over months
must not bury what happened today."""
OVER_AFTER = "30 minutes"
"""A visit without an event for so long is over: what is said of it will not change soon."""

PROJECTS = """
    SELECT id::text, slug, settings -> 'ai' FROM gosight.projects ORDER BY created_at, id"""

# The worse the score, the sooner: 1 (highest) at 0 points, 5 below the limit. A visit that changed
# after it was explained, because events came late, is explained anew.
SESSIONS = f"""
    INSERT INTO traceflow.traceflow_ai_queue
        (project_id, session_id, task_type, priority, input_data)
    SELECT met.project_id, met.session_id, task.name,
           1 + (scored.score * 4) / greatest(%(below)s, 1),
           jsonb_build_object('about', 'events ' || met.event_count)
    FROM traceflow.traceflow_sessions AS met
    JOIN hxi.experience_scores AS scored
        ON scored.project_id = met.project_id AND scored.session_id::text = met.session_id
    CROSS JOIN unnest(%(tasks)s::text[]) AS task (name)
    WHERE met.project_id = %(project)s AND scored.score < %(below)s AND NOT met.is_excluded
      AND met.ended_at < now() - interval '{OVER_AFTER}'
      AND NOT EXISTS (
          SELECT FROM traceflow.traceflow_ai_queue AS there
          WHERE there.project_id = met.project_id AND there.session_id = met.session_id
            AND there.task_type = task.name
            AND there.input_data ->> 'about' = 'events ' || met.event_count)
    ORDER BY scored.score, met.started_at DESC, met.session_id, task.name
    LIMIT %(at_most)s
    ON CONFLICT DO NOTHING"""

# An issue is shown by the visit that met it most.
ISSUES = """
    INSERT INTO traceflow.traceflow_ai_queue
        (project_id, session_id, task_type, priority, input_data)
    SELECT issue.project_id, shown.session_id, %(task)s,
           CASE issue.severity WHEN 'critical' THEN 2 ELSE 4 END,
           jsonb_build_object('about', 'issue ' || issue.issue_key, 'issue_key', issue.issue_key)
    FROM traceflow.traceflow_ux_issues AS issue
    CROSS JOIN LATERAL (
        SELECT session_id FROM traceflow.traceflow_ux_issue_sessions AS met
        WHERE met.project_id = issue.project_id AND met.issue_key = issue.issue_key
        ORDER BY occurrence_count DESC, last_detected_at DESC, session_id LIMIT 1
    ) AS shown
    WHERE issue.project_id = %(project)s AND issue.severity = ANY(%(severities)s)
      AND issue.status = 'open'
      AND NOT EXISTS (
          SELECT FROM traceflow.traceflow_ai_queue AS there
          WHERE there.project_id = issue.project_id AND there.task_type = %(task)s
            AND there.input_data ->> 'issue_key' = issue.issue_key::text)
    ORDER BY issue.affected_sessions DESC, issue.issue_key
    LIMIT %(at_most)s
    ON CONFLICT DO NOTHING"""

ONE = """
    INSERT INTO traceflow.traceflow_ai_queue
        (project_id, session_id, task_type, priority, input_data)
    VALUES (%s, %s, %s, 1, %s) ON CONFLICT DO NOTHING RETURNING id::text"""


@dataclass(frozen=True)
class Wanted:
    """What a project wants explained; `problem` says why its settings are not obeyed."""

    is_on: bool = True
    score_below: int = SCORE_BELOW
    severities: tuple[str, ...] = SEVERITIES
    at_most: int = AT_MOST
    problem: str = ""


def wanted(settings: Any) -> Wanted:
    """From section `ai` of a project's settings. Pure."""
    if settings is None:
        return Wanted()
    if not isinstance(settings, dict):
        return Wanted(is_on=False, problem="settings.ai is no object")
    below, most = settings.get("scoreBelow", SCORE_BELOW), settings.get("atMost", AT_MOST)
    severities = settings.get("severities", list(SEVERITIES))
    if not (_is_whole(below) and 0 <= below <= 101 and _is_whole(most) and most >= 0):
        return Wanted(is_on=False, problem="settings.ai: scoreBelow is 0 to 101, atMost 0 or more")
    if not (isinstance(severities, list) and all(isinstance(one, str) for one in severities)):
        return Wanted(is_on=False, problem="settings.ai.severities is no list of texts")
    return Wanted(settings.get("enabled") is not False, below, tuple(severities), most)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass
class Queued:
    """`jobs` put into the queue now."""

    jobs: int = 0
    problems: tuple[str, ...] = ()


def queue_worthy(connection: Postgres) -> Queued:
    """Queue what is new in every project. The connection commits each statement; safe to repeat."""
    done = Queued()
    for project, slug, settings in connection.execute(PROJECTS).fetchall():
        want = wanted(settings)
        if want.problem:
            done.problems += (f"{slug}: {want.problem}",)
        if not want.is_on:
            continue
        given: dict[str, Any] = {
            "project": project,
            "below": want.score_below,
            "at_most": want.at_most,
            "severities": list(want.severities),
            "task": CODE_FIX,
            "tasks": [ROOT_CAUSE, SESSION_SUMMARY],
        }
        for statement in (SESSIONS, ISSUES):
            done.jobs += connection.execute(statement, given).rowcount
    return done


def queue_one(connection: Postgres, project_id: str, session_id: str, task: str) -> bool:
    """Queue one job of a session first in line; False when it is there already."""
    about = Jsonb({"about": "asked for"})
    return connection.execute(ONE, (project_id, session_id, task, about)).fetchone() is not None
