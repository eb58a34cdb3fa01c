"""Which steps of a plan are missing: what is not finished, and what is older than what it reads."""

import pytest

from orchestration.plan.steps import Attempt, unfinished

READS = {"events": set[str](), "sessions": {"events"}, "daily": {"events", "sessions"}}
BEGUN, DONE = False, True


@pytest.mark.parametrize(
    ("attempts", "missing"),
    [
        ({}, ["daily", "events", "sessions"]),
        ({"events": (2, DONE), "sessions": (4, DONE), "daily": (6, DONE)}, []),
        ({"events": (2, DONE), "sessions": (4, DONE), "daily": (5, BEGUN)}, ["daily"]),
        # Built again after those that read it.
        ({"events": (8, DONE), "sessions": (4, DONE), "daily": (6, DONE)}, ["daily", "sessions"]),
        # Begun again, and killed before it wrote: those that read it may have to be built again.
        ({"events": (2, DONE), "sessions": (7, BEGUN), "daily": (6, DONE)}, ["daily", "sessions"]),
        # Written by one step.
        ({"events": (2, DONE), "sessions": (2, DONE), "daily": (2, DONE)}, []),
        ({"events": (2, DONE), "sessions": (4, DONE), "gone": (6, DONE)}, ["daily"]),
    ],
)
def test_a_step_is_missing_until_it_is_finished_after_what_it_reads(
    attempts: dict[str, tuple[int, bool]], missing: list[str]
) -> None:
    last = {step: Attempt(*attempt) for step, attempt in attempts.items()}
    assert unfinished(last, READS) == missing
