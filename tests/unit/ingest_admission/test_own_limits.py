"""Limits without Redis: a bucket a key, filled by the clock."""

import asyncio

import pytest

from ingest.admission.keys import ApiKey
from ingest.admission.limits import Limits
from ingest.errors import RateLimitedError


class Clock:
    """Monotonic seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def key_with(limit: int | None, name: str = "a") -> ApiKey:
    write = frozenset({"write"})
    return ApiKey("p", write, is_active=True, expires_at=None, key_hash=name, rate_limit=limit)


def passed(limits: Limits, key: ApiKey, batches: int) -> int:
    """How many of so many batches at one moment are let in."""

    async def count() -> int:
        taken = 0
        for _ in range(batches):
            try:
                await limits.take(key)
            except RateLimitedError:
                continue
            taken += 1
        return taken

    return asyncio.run(count())


def test_a_second_lets_in_its_limit_and_no_more() -> None:
    clock = Clock()
    limits = Limits("", clock)
    assert passed(limits, key_with(5), 20) == 5
    clock.now += 0.5
    assert passed(limits, key_with(5), 20) == 2
    clock.now += 60
    assert passed(limits, key_with(5), 20) == 5


def test_keys_do_not_share_and_one_without_a_limit_has_none() -> None:
    limits = Limits("", Clock())
    assert passed(limits, key_with(1, "a"), 3) == 1
    assert passed(limits, key_with(1, "b"), 3) == 1
    assert passed(limits, key_with(None, "c"), 3000) == 3000


def test_a_limit_of_none_lets_nothing_in() -> None:
    assert passed(Limits("", Clock()), key_with(0), 3) == 0


def test_the_refusal_says_when_to_come_back() -> None:
    limits = Limits("", Clock())
    assert passed(limits, key_with(4), 4) == 4
    with pytest.raises(RateLimitedError) as refused:
        asyncio.run(limits.take(key_with(4)))
    assert refused.value.wait_seconds == pytest.approx(0.25)
    assert refused.value.retry_after_seconds == 1
