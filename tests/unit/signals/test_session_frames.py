"""Cutting a stream into frames of whole sessions."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from orchestration.signals.frames import session_frames

SCHEMA = pl.Schema({"project_id": pl.String(), "session_id": pl.String(), "n": pl.Int64()})


def stream(sessions: list[tuple[str, str]], batch: int) -> list[pl.DataFrame]:
    rows = [(*session, n) for n, session in enumerate(sessions)]
    return [
        pl.DataFrame(rows[i : i + batch], schema=SCHEMA, orient="row")
        for i in range(0, len(rows), batch)
    ]


def cut(sessions: str, batch: int, rows: int) -> list[str]:
    batches = stream([("p", letter) for letter in sessions], batch)
    return ["".join(part["session_id"]) for part in session_frames(batches, rows)]


def test_a_frame_ends_at_a_border_near_the_rows_asked_for() -> None:
    assert cut("aabbbcccd", batch=3, rows=4) == ["aabbb", "ccc", "d"]
    assert cut("abcdefgh", batch=1, rows=4) == ["abc", "def", "gh"]


def test_a_session_longer_than_a_frame_stays_whole() -> None:
    assert cut("abbbbbbbbc", batch=2, rows=2) == ["a", "bbbbbbbb", "c"]


def test_a_border_between_two_batches_is_seen() -> None:
    assert cut("aabb", batch=2, rows=2) == ["aa", "bb"]


def test_the_same_session_id_in_two_projects_is_two_sessions() -> None:
    batches = stream([("p", "a"), ("p", "a"), ("q", "a"), ("q", "a")], 1)
    assert [part["project_id"].to_list() for part in session_frames(batches, 2)] == [
        ["p", "p"],
        ["q", "q"],
    ]


def test_no_batches_and_empty_batches_give_no_frames() -> None:
    assert list(session_frames([], 5)) == []
    assert list(session_frames([pl.DataFrame(schema=SCHEMA)], 5)) == []


@given(
    lengths=st.lists(st.integers(1, 9), max_size=12),
    batch=st.integers(1, 10),
    rows=st.integers(1, 20),
)
def test_nothing_is_lost_doubled_or_torn_and_frames_are_bounded(
    lengths: list[int], batch: int, rows: int
) -> None:
    sessions = [("p", str(n)) for n, length in enumerate(lengths) for _ in range(length)]
    parts = list(session_frames(stream(sessions, batch), rows))
    assert [n for part in parts for n in part["n"]] == list(range(len(sessions)))
    owners = [session for part in parts for session in set(part["session_id"])]
    assert len(owners) == len(set(owners))
    assert all(part.height < rows + batch + max(lengths) for part in parts)
