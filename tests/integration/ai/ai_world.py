"""A project with visits in PostgreSQL as a publish leaves them, and a stand-in of an API."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg

from orchestration.ai.providers import Model

Postgres = psycopg.Connection[Any]


FILLED = """
    SELECT ai_analyzed, ai_summary, ai_root_cause FROM traceflow.traceflow_sessions
    WHERE project_id = %s"""
ISSUE = """
    SELECT ai_description, ai_recommendation, ai_code_suggestion, ai_confidence::float8
    FROM traceflow.traceflow_ux_issues WHERE project_id = %s"""
CALLS = """
    SELECT model_selected, success, input_tokens, output_tokens, cost_estimate::float8
    FROM traceflow.neurorouter_logs WHERE project_id = %s ORDER BY created_at"""


@dataclass
class Visits:
    """Of one project with an owner, who has a subscription with so many credits."""

    postgres: Postgres
    project: str
    owner: UUID

    def meet(self, score: int, *, minutes_ago: int = 60, selector: str = "#pay") -> str:
        """A visit with that score that clicked in rage; its id."""
        session = str(uuid4())
        given = {"p": self.project, "s": session, "m": minutes_ago, "score": score}
        self.postgres.execute(
            "INSERT INTO hxi.sessions (project_id, session_id) VALUES (%(p)s, %(s)s)", given
        )
        self.postgres.execute(
            """INSERT INTO traceflow.traceflow_sessions
                   (project_id, session_id, started_at, ended_at, duration_ms, page_count,
                    event_count, browser, pages_visited)
               VALUES (%(p)s, %(s)s, now() - make_interval(mins => %(m)s + 5),
                       now() - make_interval(mins => %(m)s), 300000, 2, 40,
                       'jane@example.com',
                       '["/", "/checkout?email=jane@example.com"]')""",
            given,
        )
        self.postgres.execute(
            "INSERT INTO hxi.experience_scores (project_id, session_id, score, issues)"
            """ VALUES (%(p)s, %(s)s, %(score)s, '[{"code": "rage", "deduction": 12}]')""",
            given,
        )
        self.frustrate(session, selector)
        return session

    def frustrate(self, session: str, selector: str, clicks: int = 3) -> None:
        given = {"p": self.project, "s": session, "sel": selector, "n": clicks}
        self.postgres.execute(
            """INSERT INTO traceflow.traceflow_ux_issues
                   (project_id, id, issue_key, issue_type, severity, page_url, element_selector,
                    affected_sessions, occurrence_count, ai_description)
               SELECT %(p)s::uuid, key, key, 'rage_click', 'high', '/checkout', %(sel)s, 1, %(n)s,
                      'as rules say'
               FROM (SELECT md5(%(p)s || %(sel)s)::uuid AS key) AS one
               ON CONFLICT (project_id, issue_key) DO NOTHING""",
            given,
        )
        self.postgres.execute(
            """INSERT INTO traceflow.traceflow_ux_issue_sessions
                   (project_id, session_id, issue_key, issue_type, page_url, element_selector,
                    occurrence_count, first_detected_at, last_detected_at)
               VALUES (%(p)s::uuid, %(s)s, md5(%(p)s || %(sel)s)::uuid, 'rage_click', '/checkout',
                       %(sel)s, %(n)s, now(), now())""",
            given,
        )

    def subscribe(self, allowed: int) -> None:
        self.postgres.execute(
            "INSERT INTO traceflow.traceflow_subscriptions (user_id, ai_credits_limit)"
            " VALUES (%s, %s)",
            (self.owner, allowed),
        )

    def one(self, query: str) -> tuple[Any, ...]:
        """The row of a query with the project as its only parameter."""
        (row,) = self.postgres.execute(query, (self.project,)).fetchall()
        return tuple(row)

    def calls(self) -> list[tuple[Any, ...]]:
        """What `neurorouter_logs` say, in order."""
        return self.postgres.execute(CALLS, (self.project,)).fetchall()

    def jobs(self) -> list[tuple[str, int]]:
        """How many stand how."""
        return self.postgres.execute(
            "SELECT status, count(*) FROM traceflow.traceflow_ai_queue WHERE project_id = %s"
            " GROUP BY 1 ORDER BY 1",
            (self.project,),
        ).fetchall()


@dataclass
class Api:
    """`answers`: what it says next, a text, a status or seconds to say nothing; `asked`: path, body
    and headers of what it got."""

    url: str = ""
    answers: list[Any] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)

    def model(self, name: str = "quick", provider: str = "openai", **more: Any) -> Model:
        return Model(name, provider, self.url, "secret", **more)


GOOD = {
    "summary": "It went badly.",
    "root_cause": "The button is slow.",
    "description": "A slow button.",
    "recommendation": "Make it quick.",
    "code_suggestion": "button.disabled = true",
    "confidence": 0.8,
}
