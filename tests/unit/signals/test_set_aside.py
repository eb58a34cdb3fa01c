"""A session that a signal cannot judge is set aside with the reason; the others are judged."""

import polars as pl
import pytest

from orchestration.signals.set_aside import judged, rows

FRAME = pl.DataFrame(
    {"project_id": ["p"] * 6, "session_id": ["a", "a", "b", "c", "d", "d"], "n": range(6)}
)


def but_not_of(*odd: str) -> list[object]:
    def detect(frame: pl.DataFrame) -> pl.DataFrame:
        if frame["session_id"].is_in(odd).any():
            raise ValueError("no such hour")
        return frame

    found = list(judged(FRAME, detect))
    kept = [row for one in found if isinstance(one, pl.DataFrame) for row in one["n"]]
    return [kept, [one for one in found if isinstance(one, tuple)]]


@pytest.mark.parametrize(
    ("odd", "kept"), [((), [0, 1, 2, 3, 4, 5]), (("a",), [2, 3, 4, 5]), (("b", "d"), [0, 1, 3])]
)
def test_all_but_the_odd_sessions_are_judged_in_order(
    odd: tuple[str, ...], kept: list[int]
) -> None:
    reasons = [("p", session, "ValueError: no such hour") for session in odd]
    assert but_not_of(*odd) == [kept, reasons]


def test_what_is_no_fault_of_a_session_ends_the_run() -> None:
    def broken(frame: pl.DataFrame) -> pl.DataFrame:
        raise ConnectionError("the store went away")

    with pytest.raises(ConnectionError):
        list(judged(FRAME, broken))


def test_a_session_set_aside_is_a_row_with_the_signal_and_the_reason() -> None:
    assert rows("rage_clicks", [("p", "a", "no")]).rows() == [("p", "a", "rage_clicks", "no")]
