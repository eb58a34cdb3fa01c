"""What is queued, who answers it, what an answer fills; no job is lost, none is done twice."""

from contextlib import closing, suppress
from random import Random

import pytest
from click.testing import CliRunner
from psycopg.types.json import Jsonb

from hxi.ai import ai
from orchestration.ai import claims, worker
from orchestration.ai.claims import claim, complete
from orchestration.ai.queueing import queue_worthy
from orchestration.ai.worker import work
from orchestration.stores.clients import short_connection
from stack.embedded import Stack
from tests.integration.ai.ai_world import FILLED, GOOD, ISSUE, Api, Visits
from tests.integration.alerts.alert_world import DiedError, DyingCursor


def test_troubled_visits_and_new_issues_are_queued_once_the_worst_first(visits: Visits) -> None:
    worst = visits.meet(5)
    bad = visits.meet(55)
    visits.meet(90)  # fares well
    visits.meet(10, minutes_ago=5)  # is not over
    assert queue_worthy(visits.postgres).jobs == 5
    assert queue_worthy(visits.postgres).jobs == 0
    rows = visits.postgres.execute(
        "SELECT session_id, task_type, priority FROM traceflow.traceflow_ai_queue"
        " WHERE project_id = %s AND task_type != 'code_fix' ORDER BY priority, task_type",
        (visits.project,),
    ).fetchall()
    tasks = ("root_cause", "session_summary")
    assert rows == [(worst, task, 1) for task in tasks] + [(bad, task, 4) for task in tasks]
    # Events came late: the visit is another one now.
    visits.postgres.execute(
        "UPDATE traceflow.traceflow_sessions SET event_count = 41 WHERE session_id = %s", (bad,)
    )
    assert queue_worthy(visits.postgres).jobs == 2


@pytest.mark.parametrize(
    ("settings", "jobs"),
    [({"scoreBelow": 5}, 1), ({"enabled": False}, 0), ({"severities": []}, 2), ({"atMost": 1}, 2)],
)
def test_a_project_says_what_is_worth_it(
    visits: Visits, settings: dict[str, object], jobs: int
) -> None:
    visits.meet(30)
    _set(visits, settings)
    assert queue_worthy(visits.postgres).jobs == jobs


def test_settings_that_cannot_be_used_are_named_and_stop_no_other(visits: Visits) -> None:
    visits.meet(30)
    _set(visits, {"scoreBelow": "low"})
    queued = queue_worthy(visits.postgres)
    assert queued.jobs == 0
    assert "scoreBelow" in queued.problems[0]


def _set(visits: Visits, settings: dict[str, object]) -> None:
    visits.postgres.execute(
        "UPDATE gosight.projects SET settings = settings || %s WHERE id = %s",
        (Jsonb({"ai": settings}), visits.project),
    )


def test_written_rules_answer_without_a_network(visits: Visits) -> None:
    visits.meet(30)
    queue_worthy(visits.postgres)
    worked = work(visits.postgres)
    assert (worked.completed, worked.failed) == (3, 0)
    analysed, summary, cause = visits.one(FILLED)
    assert analysed
    assert summary == (
        "A visit of 300 s over 2 pages from / to /checkout?… met 3 times a rage click at #pay on"
        " /checkout. Its experience score is 30 of 100."
    )
    assert cause.startswith("#pay on /checkout does not answer a click at once")
    description, recommendation, code, confidence = visits.one(ISSUE)
    assert description.startswith("#pay on /checkout")
    assert recommendation
    assert "aria-busy" in code
    assert confidence == 0.4
    assert {(call[0], call[1], call[4]) for call in visits.calls()} == {("written-rules", True, 0)}


def test_credits_are_counted_and_end_the_work_with_a_reason(visits: Visits) -> None:
    visits.subscribe(allowed=2)
    visits.meet(30)
    queue_worthy(visits.postgres)
    worked = work(visits.postgres)
    assert worked.completed == 2
    assert worked.stopped[visits.project] == "no AI credits are left in this period"
    assert _credits(visits) == 2
    assert visits.jobs() == [("completed", 2), ("pending", 1)]
    visits.postgres.execute("UPDATE traceflow.traceflow_subscriptions SET ai_credits_limit = 3")
    # One that is worked on uses the last credit up, though it is not counted yet.
    held = claim(visits.postgres)
    assert held is not None
    assert claim(visits.postgres) is None
    assert visits.project in claims.stopped(visits.postgres)


def test_a_job_that_is_worked_on_counts_in_the_features_limit(visits: Visits) -> None:
    visits.subscribe(allowed=10)
    visits.postgres.execute(
        "INSERT INTO traceflow.traceflow_user_features (user_id, feature_id, usage_limit)"
        " VALUES (%s, 'ai_analysis', 1)",
        (visits.owner,),
    )
    visits.meet(30)
    queue_worthy(visits.postgres)
    assert claim(visits.postgres) is not None
    assert claim(visits.postgres) is None


def test_a_feature_that_is_off_ends_the_work_with_a_reason(visits: Visits) -> None:
    visits.postgres.execute(
        "INSERT INTO traceflow.traceflow_user_features (user_id, feature_id, enabled)"
        " VALUES (%s, 'ai_analysis', false)",
        (visits.owner,),
    )
    visits.meet(30)
    queue_worthy(visits.postgres)
    worked = work(visits.postgres)
    assert worked.completed == 0
    assert "switched off" in worked.stopped[visits.project]


def test_a_slow_worker_whose_job_was_taken_over_answers_nothing(
    visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits.meet(30)
    queue_worthy(visits.postgres)
    slow = claim(visits.postgres)
    assert slow is not None
    monkeypatch.setattr(claims, "LEASE_S", 0)
    other = claim(visits.postgres)
    assert other is not None
    assert (other.id, other.attempts) == (slow.id, 2)
    assert not complete(visits.postgres, slow, {**GOOD, "analysis": ""}, "slow")
    assert complete(visits.postgres, other, {**GOOD, "analysis": ""}, "other")


def test_what_is_about_nothing_any_more_fails_without_a_call(visits: Visits, api: Api) -> None:
    session = visits.meet(30)
    queue_worthy(visits.postgres)
    visits.postgres.execute(
        "DELETE FROM traceflow.traceflow_sessions WHERE session_id = %s", (session,)
    )
    worked = work(visits.postgres, [api.model()], allow_private=True)
    assert (worked.failed, api.asked) == (3, [])


def test_no_job_is_lost_or_done_twice_in_200_deaths(
    visits: Visits, stores: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers die in front of any of their statements; each job ends once, for one credit."""
    monkeypatch.setattr(claims, "LEASE_S", 0)
    visits.subscribe(allowed=10_000)
    visits.postgres.execute(
        "ALTER TABLE traceflow.traceflow_ai_queue ALTER max_attempts SET DEFAULT 1000"
    )
    random = Random(7)
    deaths = jobs = 0
    try:
        while deaths < 200:
            visits.meet(random.randrange(60), selector=f"#e{random.randrange(5)}")
            DyingCursor.left = random.randrange(40)
            with closing(short_connection(stores.endpoints.postgres_dsn)) as connection:
                connection.cursor_factory = DyingCursor
                with suppress(DiedError):
                    queue_worthy(connection)
                    work(connection)
                    continue
            deaths += 1
    finally:
        visits.postgres.execute(
            "ALTER TABLE traceflow.traceflow_ai_queue ALTER max_attempts SET DEFAULT 3"
        )
    while queue_worthy(visits.postgres).jobs:
        work(visits.postgres)
    ((state, jobs),) = visits.jobs()
    assert state == "completed"
    assert jobs > 200
    assert _credits(visits) == jobs
    (unexplained,) = visits.one(
        "SELECT count(*) FROM traceflow.traceflow_sessions WHERE project_id = %s"
        " AND (ai_summary IS NULL OR ai_root_cause IS NULL)"
    )
    assert unexplained == 0


def test_the_command_works_the_queue(visits: Visits, stores: Stack) -> None:
    session = visits.meet(95)
    folder = ["--data-dir", str(stores.folder.path)]
    stores.endpoints.save(stores.folder.path)

    def told(*arguments: str) -> str:
        return CliRunner().invoke(ai, [*arguments, *folder], catch_exceptions=False).output

    queued = told("queue", visits.project, session, "--task", "journey_analysis")
    assert queued == "queued\n"
    assert told("queue", visits.project, session, "--task", "journey_analysis").startswith("is in")
    assert "explained" in told("work")
    assert "completed  journey_analysis  1" in told("list")
    (result,) = visits.one(
        "SELECT result FROM traceflow.traceflow_ai_queue"
        " WHERE project_id = %s AND task_type = 'journey_analysis'"
    )
    assert result["analysis"] == "/ → /checkout?…. It went straight on."
    assert result["model"] == worker.ANALYST.name


def _credits(visits: Visits) -> int:
    ((used,),) = visits.postgres.execute(
        "SELECT ai_credits_used FROM traceflow.traceflow_subscriptions WHERE user_id = %s",
        (visits.owner,),
    ).fetchall()
    return int(used)
