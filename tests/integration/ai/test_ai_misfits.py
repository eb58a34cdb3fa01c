"""Jobs that services put into the queue wrongly: each fails alone and says why."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from orchestration.ai import claims
from orchestration.ai.queueing import queue_worthy
from orchestration.ai.worker import work
from tests.integration.ai.ai_world import Visits


@pytest.mark.parametrize(
    "given",
    [None, {}, [], "text", 5, {"issue_key": "no key"}, {"issue_key": None}, {"issue_key": {}}],
)
def test_a_fix_of_no_issue_fails_and_the_other_jobs_are_done(visits: Visits, given: Any) -> None:
    session = visits.meet(30)
    visits.postgres.execute(
        "INSERT INTO traceflow.traceflow_ai_queue"
        " (project_id, session_id, task_type, priority, input_data)"
        " VALUES (%s, %s, 'code_fix', 1, %s)",
        (visits.project, session, None if given is None else Jsonb(given)),
    )
    queue_worthy(visits.postgres)
    worked = work(visits.postgres)
    assert (worked.completed, worked.failed, worked.waiting) == (3, 1, 0)
    (why,) = visits.one(
        "SELECT error_message FROM traceflow.traceflow_ai_queue"
        " WHERE project_id = %s AND status = 'failed'"
    )
    assert why == "it names no issue"


@pytest.mark.parametrize("visited", [5, "text", {"a": 1}, [None, 5], [["/"]]])
def test_pages_that_are_no_list_of_paths_end_no_worker(visits: Visits, visited: Any) -> None:
    visits.meet(30)
    visits.postgres.execute(
        "UPDATE traceflow.traceflow_sessions SET pages_visited = %s WHERE project_id = %s",
        (Jsonb(visited), visits.project),
    )
    queue_worthy(visits.postgres)
    assert work(visits.postgres).completed == 3


def test_a_job_of_many_attempts_holds_up_no_other(
    visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would wait for is longer than any interval."""
    monkeypatch.setattr(claims, "FIRST_BACK_OFF_S", 30)
    session = visits.meet(30)
    visits.postgres.execute(
        "INSERT INTO traceflow.traceflow_ai_queue"
        " (project_id, session_id, task_type, attempts, max_attempts, started_at)"
        " VALUES (%s, %s, 'root_cause', 90, 100, now())",
        (visits.project, session),
    )
    queue_worthy(visits.postgres)
    assert work(visits.postgres).completed == 3
