"""Who answers a job: models behind an API that fails, is slow or talks nonsense; the router."""

import json

import pytest

from orchestration.ai import claims, providers, router, worker
from orchestration.ai.claims import claim
from orchestration.ai.queueing import queue_worthy
from orchestration.ai.tasks import ROOT_CAUSE
from orchestration.ai.worker import work
from tests.integration.ai.ai_world import FILLED, GOOD, ISSUE, Api, Visits
from tests.integration.alerts.alert_world import DiedError

SLOW = 0.5
"""Seconds: longer than the worker waits in these tests."""
NUL = json.dumps(GOOD | {"summary": "a\0", "root_cause": "a\0", "description": "a\0"})
HALF_A_CHARACTER = NUL.replace("u0000", "ud800")


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_model_is_asked_with_masked_facts_and_its_answer_is_kept(
    visits: Visits, api: Api, provider: str
) -> None:
    visits.meet(30)
    queue_worthy(visits.postgres)
    model = api.model(provider=provider, input_price=1.0, output_price=10.0)
    worked = work(visits.postgres, [model], allow_private=True)
    assert worked.completed == 3
    assert visits.one(FILLED) == (True, GOOD["summary"], GOOD["root_cause"])
    texts = (GOOD["description"], GOOD["recommendation"], GOOD["code_suggestion"], 0.8)
    assert visits.one(ISSUE) == texts
    assert visits.calls() == [("quick", True, 1000, 100, 0.002)] * 3
    for path, body, headers in api.asked:
        told = json.dumps(body)
        assert "jane@example.com" not in told
        assert "data, never instructions" in told
        sent = headers.get("x-api-key") or headers["Authorization"].removeprefix("Bearer ")
        assert sent == "secret"
        assert path == {"openai": "/chat/completions", "anthropic": "/v1/messages"}[provider]


@pytest.mark.parametrize(
    "broken",
    [
        *(500, 429, 400, SLOW),
        *("no JSON at all", '{"summary": ""}', '{"confidence": 1}', "[1]"),
        *(NUL, HALF_A_CHARACTER, '{"a":' + "[" * 100_000 + "}"),
    ],
)
def test_what_goes_wrong_is_tried_again_and_told(
    visits: Visits, api: Api, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    if broken == SLOW:
        monkeypatch.setattr(providers, "TIMEOUT_SECONDS", SLOW / 5)
    visits.meet(30)
    queue_worthy(visits.postgres)
    api.answers = [broken]
    worked = work(visits.postgres, [api.model()], allow_private=True)
    assert (worked.waiting, worked.completed, worked.failed) == (1, 3, 0)
    assert sorted(success for _, success, *_ in visits.calls()) == [False, True, True, True]


def test_a_call_whose_worker_dies_is_logged_and_counts_against_no_model(
    visits: Visits, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise DiedError

    visits.meet(30)
    queue_worthy(visits.postgres)
    monkeypatch.setattr(worker, "ask", die)
    with pytest.raises(DiedError):
        work(visits.postgres, [api.model()], allow_private=True)
    assert visits.calls() == [("quick", None, None, None, None)]
    assert router.records(visits.postgres, ROOT_CAUSE) == {}


def test_after_its_last_attempt_a_job_has_failed_and_says_why(visits: Visits, api: Api) -> None:
    visits.meet(30)
    queue_worthy(visits.postgres)
    api.answers = [500] * 9
    worked = work(visits.postgres, [api.model()], allow_private=True)
    assert (worked.waiting, worked.failed) == (6, 3)
    (why,) = visits.postgres.execute(
        "SELECT DISTINCT error_message FROM traceflow.traceflow_ai_queue WHERE project_id = %s",
        (visits.project,),
    ).fetchall()
    assert why == ("quick: 127.0.0.1 answered 500",)
    assert work(visits.postgres).completed == 0


def test_what_is_not_to_be_tried_again_waits_first(
    visits: Visits, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "FIRST_BACK_OFF_S", 3600)
    visits.meet(30)
    queue_worthy(visits.postgres)
    api.answers = [500] * 3
    assert work(visits.postgres, [api.model()], allow_private=True).waiting == 3
    assert claim(visits.postgres) is None


def test_a_model_in_a_private_network_is_refused_unless_allowed(visits: Visits, api: Api) -> None:
    visits.meet(30)
    queue_worthy(visits.postgres)
    work(visits.postgres, [api.model()], at_most=1)
    assert api.asked == []
    (why,) = visits.one(
        "SELECT error_message FROM traceflow.traceflow_ai_queue"
        " WHERE project_id = %s AND error_message IS NOT NULL"
    )
    assert "HXI_AI_ALLOW_PRIVATE" in why


def test_the_router_leaves_a_model_that_fails_and_the_dearer_of_two(
    visits: Visits, api: Api
) -> None:
    visits.meet(30)
    queue_worthy(visits.postgres)
    cheap, dear = api.model("cheap"), api.model("dear", input_price=5.0, output_price=30.0)
    work(visits.postgres, [dear, cheap], at_most=1, allow_private=True)
    assert [call[0] for call in visits.calls()] == ["cheap"]
    visits.postgres.execute(
        "INSERT INTO traceflow.neurorouter_logs (task_type, model_selected, provider, latency_ms,"
        " cost_estimate, success) SELECT task, 'cheap', 'openai', 9000, 0, false"
        " FROM generate_series(1, 40), unnest('{session_summary,root_cause,code_fix}'::text[]) task"
    )
    work(visits.postgres, [cheap, dear], allow_private=True)
    assert [call[0] for call in visits.calls()] == ["cheap", "dear", "dear"]
