"""When a slice of all sessions is compared, and which."""

from itertools import pairwise

import pytest

from orchestration.publish.parts import SLICES, TURN_S, next_slice

HOUR = 3600


def test_runs_within_one_turn_compare_one_slice() -> None:
    begin = 6 * TURN_S
    assert next_slice(1000 * begin - 1, begin) == 6
    assert next_slice(1000 * begin, begin + TURN_S - 1) is None
    assert next_slice(0, begin) == 6


@pytest.mark.parametrize("apart", [10, TURN_S, HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR])
def test_runs_come_to_every_slice_in_as_many_runs_or_turns_as_there_are(apart: int) -> None:
    runs = SLICES * max(1, TURN_S // apart)
    ends = [1_800_000_000 + number * apart for number in range(runs + 1)]
    turns = [next_slice(1000 * last, now) for last, now in pairwise(ends)]
    compared = [one for one in turns if one is not None]
    assert sorted(compared) == list(range(SLICES))
