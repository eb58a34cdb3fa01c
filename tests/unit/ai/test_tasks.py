"""What the analyst says is what tasks ask for, whatever the facts; models that cannot be used."""

import json

import pytest

from orchestration.ai.analyst import CAUSES, analyse
from orchestration.ai.providers import ModelsError, models_of
from orchestration.ai.tasks import TASKS, checked

SESSION = {"duration_ms": None, "page_count": 0, "score": None}
TROUBLE = {"page_url": "", "element_selector": "", "occurrence_count": 1, "affected_sessions": 2}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", [*CAUSES, "what nobody knows"])
@pytest.mark.parametrize("deductions", [[], [{"code": "slow_api", "deduction": 3}]])
def test_written_rules_answer_every_task(
    task: str, kind: str, deductions: list[dict[str, object]]
) -> None:
    trouble = {**TROUBLE, "issue_type": kind}
    for troubles in ([], [trouble]):
        facts = {
            "session": SESSION,
            "pages": [],
            "troubles": troubles,
            "deductions": deductions,
            "issue": trouble,
        }
        answer = analyse(task, facts)
        assert set(checked(TASKS[task], answer)) == {*TASKS[task].fields, "confidence"}
        assert analyse(task, facts) == answer


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ("{", "no JSON"),
        ("{}", "no list"),
        ('[{"name": "m"}]', "no provider"),
        ('[{"name": "m", "provider": "x", "url": "u"}]', "none of"),
        ('[{"name": "m", "provider": "openai", "url": "u", "input_price": "1"}]', "price"),
        ('[{"name": "m", "provider": "openai", "url": "u"}]', "address"),
        ('[{"name": "m", "provider": "openai", "url": "http://x:99999"}]', "address"),
        ('[{"name": "m", "provider": "openai", "url": "http://x", "tasks": 5}]', "tasks"),
        ('[{"name": "m", "provider": "openai", "url": "http://x", "tasks": ["all"]}]', "tasks"),
        ('[{"name": "m", "provider": "openai", "url": "http://x", "key_env": "TWO"}]', "one line"),
    ],
)
def test_models_that_cannot_be_used_are_told(listed: str, why: str) -> None:
    with pytest.raises(ModelsError, match=why):
        models_of({"HXI_AI_MODELS": listed, "TWO": "a\nb"})


def test_a_models_key_is_in_a_variable_of_its_own() -> None:
    listed = [{"name": "m", "provider": "anthropic", "url": "https://x/", "key_env": "KEY"}]
    (model,) = models_of({"HXI_AI_MODELS": json.dumps(listed), "KEY": "s3cret"})
    assert (model.key, model.url) == ("s3cret", "https://x")
    assert "s3cret" not in repr(model)
