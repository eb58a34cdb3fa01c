"""What a model says of itself is not believed when the log or the tables could not hold it."""

import json
from typing import Any

import pytest

from orchestration.ai.providers import ANTHROPIC, OPENAI, ModelsError, _read, models_of
from orchestration.ai.tasks import SESSION_SUMMARY, TASKS, NonsenseError, checked


@pytest.mark.parametrize("tokens", [float("inf"), float("nan"), 10**12, 10**400, -1, [], "many"])
@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC])
def test_tokens_that_no_call_uses_are_nonsense(provider: str, tokens: object) -> None:
    with pytest.raises(NonsenseError):
        _read(provider, _said(provider, tokens))


@pytest.mark.parametrize("said", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"choices": []}'])
@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC])
def test_what_is_no_answer_of_a_provider_is_nonsense(provider: str, said: bytes) -> None:
    with pytest.raises(NonsenseError):
        _read(provider, said)


@pytest.mark.parametrize(("told", "kept"), [(10**400, 1.0), (-3, 0.0), (float("nan"), 0.0)])
def test_a_confidence_is_from_0_to_1(told: float, kept: float) -> None:
    answer = {"summary": "It went well.", "confidence": told}
    assert checked(TASKS[SESSION_SUMMARY], answer)["confidence"] == kept


@pytest.mark.parametrize("price", [-1, float("inf"), float("nan"), 10**6])
def test_a_price_that_no_log_could_hold_is_told(price: float) -> None:
    listed = [{"name": "m", "provider": "openai", "url": "u", "output_price": price}]
    with pytest.raises(ModelsError, match="price"):
        models_of({"HXI_AI_MODELS": json.dumps(listed)})


def _said(provider: str, tokens: object) -> bytes:
    said: dict[str, Any] = {"choices": [{"message": {"content": "{}"}}]}
    if provider == ANTHROPIC:
        said = {"content": [{"type": "text", "text": "{}"}]}
    names = ("input_tokens", "prompt_tokens")
    return json.dumps({**said, "usage": dict.fromkeys(names, tokens)}).encode()
