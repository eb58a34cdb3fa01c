"""Thrashed cursors at every bound of their rule."""

import json
import time
from typing import Any

import pytest

from orchestration.signals.thrashed_cursor import SIGNAL
from tests.unit.signals.pointer_moves import Sample, move, to_and_fro
from tests.unit.signals.signal_events import Row, at, detect, event_id

THRASH = to_and_fro()
"""20 samples in 2,090 ms, 18 reversals, 1,900 px of way from one end of a leg to the other."""


NOT_MEASURABLE = {"grade": "not_measurable"}


def details(samples: list[Sample], **columns: Any) -> list[Row]:
    return [json.loads(row["details"]) for row in detect(SIGNAL, [move(0, 1, samples, **columns)])]


def found(samples: list[Sample], **columns: Any) -> list[Row]:
    return [row for row in details(samples, **columns) if row != NOT_MEASURABLE]


def ids(rows: list[Row]) -> list[list[str]]:
    return [row["related_event_ids"] for row in detect(SIGNAL, rows)]


def test_a_thrashed_cursor_is_one_row_with_what_was_measured() -> None:
    [row] = detect(SIGNAL, [move(0, 1, THRASH)])
    assert row["insight_type"] == "thrashed_cursor"
    assert row["detector_version"] == "thrashed_cursor-1"
    assert (row["timestamp"], row["path"], row["url"]) == (at(0), "/cart", "https://shop.test/cart")
    assert (row["x"], row["y"], row["target_selector"]) == (50, 300, None)
    assert json.loads(row["details"]) == {
        "duration_ms": 2090,
        "reversals": 18,
        "path_px": 1900,
        "displacement_px": 100,
        "samples": 20,
    }
    assert row["related_event_ids"] == [event_id(1)]


@pytest.mark.parametrize(("device", "rows"), [("desktop", 1), ("mobile", 0), ("", 0), (None, 0)])
def test_only_desktops_have_a_cursor(device: str | None, rows: int) -> None:
    assert len(found(THRASH, session_device_type=device)) == rows


@pytest.mark.parametrize(("span", "rows"), [(2000, 1), (1999, 0)])
def test_a_window_spans_at_least_two_seconds(span: int, rows: int) -> None:
    samples = [*to_and_fro(20, 100), (span, 0, 300)]
    assert len(found(samples)) == rows


@pytest.mark.parametrize(("last_leg_at", "rows"), [(5000, 1), (5001, 0)])
def test_a_window_lasts_at_most_five_seconds(last_leg_at: int, rows: int) -> None:
    """Nine reversals at once, the tenth at the end; the pointer rests between."""
    shake = [(n * 10, (n % 2) * 1000, 300) for n in range(11)]
    rest = [(110 + n * 130, 0, 300) for n in range(36)]
    assert found([*shake, *rest, (last_leg_at, 1000, 300)]) == []
    last = [(last_leg_at - 1, 1000, 300), (last_leg_at, 0, 300)]
    assert len(found([*shake, *rest, *last])) == rows


@pytest.mark.parametrize(("turns", "rows"), [(10, 1), (9, 0)])
def test_ten_reversals_are_needed(turns: int, rows: int) -> None:
    legs = [(n * 100, (n % 2) * 200, 300) for n in range(turns + 2)]
    last = legs[-1][1]
    rest = [(legs[-1][0] + 100 * n, last, 300 + n) for n in range(1, 12)]
    assert len(found([*legs, *rest])) == rows


@pytest.mark.parametrize(("leg", "rows"), [(30, 1), (29, 0)])
def test_both_legs_of_a_reversal_are_at_least_30_px(leg: int, rows: int) -> None:
    assert len(found(to_and_fro(60, 40, leg))) == rows


def test_a_short_leg_between_two_long_ones_is_no_reversal_of_them() -> None:
    samples = [(n * 55, (n // 2 % 2) * 100 + n % 2, 300) for n in range(80)]
    assert found(samples) == []


@pytest.mark.parametrize(("down", "rows"), [(57, 1), (58, 0)])
def test_a_turn_of_more_than_120_degrees_is_a_reversal(down: int, rows: int) -> None:
    """Legs of 100 px across and `down` px down: they turn by 2 * atan(100 / down)."""
    there_and_back = [(n * 110, (n % 2) * 100, n * down) for n in range(20)]
    # The way down is taken back at once, so that only the angle decides.
    climb = [(19 * 110 + 1, 100, 0)]
    assert len(found([*there_and_back, *climb])) == rows


@pytest.mark.parametrize(("missing_px", "rows"), [(0, 1), (1, 0)])
def test_the_mean_speed_is_at_least_500_px_a_second(missing_px: int, rows: int) -> None:
    """Eight times 63 px right and 62 px left: 1,000 px in two seconds."""
    samples = [(n * 125, n // 2 + (n % 2) * 63, 300) for n in range(17)]
    when, x, y = samples[-1]
    assert len(found([*samples[:-1], (when, x + missing_px, y)])) == rows


@pytest.mark.parametrize(("gap_ms", "rows"), [(2500, 1), (2501, 0)])
def test_a_window_has_at_least_eight_samples_a_second(gap_ms: int, rows: int) -> None:
    """20 samples: 19 at once, and one that makes the window as long as their rate allows."""
    samples = [*((n, (n % 2) * 2000, 300) for n in range(19)), (gap_ms, 0, 300)]
    assert len(found(samples)) == rows


@pytest.mark.parametrize(("every_ms", "rows"), [(125, []), (126, [NOT_MEASURABLE])])
def test_a_session_sampled_slower_than_eight_times_a_second_is_not_measurable(
    every_ms: int, rows: list[Row]
) -> None:
    straight = [(n * every_ms, n, 300) for n in range(20)]
    assert details(straight) == rows
    # Pauses of the hand say nothing of the recorder.
    moved_twice = [*straight, *((60_000 + when, x, y) for when, x, y in straight)]
    assert details(moved_twice) == rows
    assert details(straight, session_device_type="mobile") == []


def test_what_is_not_measurable_is_told_once_a_session_with_its_first_move() -> None:
    slow = [(n * 500, n, 300) for n in range(20)]
    [row] = detect(SIGNAL, [move(20_000, 1, slow), move(0, 2, slow, path="/first")])
    assert (row["timestamp"], row["path"]) == (at(0), "/first")
    assert (row["related_event_ids"], row["x"], row["y"]) == ([event_id(2)], None, None)


def test_a_few_samples_tell_nothing_of_the_recorder() -> None:
    assert details([(n * 500, n, 300) for n in range(15)]) == []


@pytest.mark.parametrize(("last_x", "rows"), [(500, 1), (501, 0)])
def test_the_way_is_at_least_four_times_the_displacement(last_x: int, rows: int) -> None:
    """19 legs of 100 px to x = 100, a wait, and a last leg of d: 1900 + d against 4 * (100 + d)."""
    shake = to_and_fro(20, 50)
    waits = [(1000 + n * 100, 100, 300) for n in range(9)]
    d = last_x
    assert len(found([*shake, *waits, (2000, 100 + d, 300)])) == rows


def test_a_cursor_back_where_it_began_needs_no_ratio() -> None:
    [window] = found(to_and_fro(21, 100))
    assert (window["displacement_px"], window["path_px"]) == (0, 2000)


def test_the_scan_restarts_after_a_window() -> None:
    assert len(found(to_and_fro(39, 110))) == 1
    first, second = found(to_and_fro(40, 110))
    assert (first["samples"], second["samples"]) == (20, 20)
    assert len(found(to_and_fro(60, 110))) == 3


def test_two_windows_in_one_event_have_ids_of_their_own() -> None:
    rows = detect(SIGNAL, [move(0, 1, to_and_fro(40, 110))])
    assert len({row["insight_id"] for row in rows}) == 2
    assert [row["related_event_ids"] for row in rows] == [[event_id(1)]] * 2


def test_the_first_event_of_a_window_gives_its_time_and_place() -> None:
    first = move(0, 1, THRASH[:10], path="/one")
    second = move(1100, 2, to_and_fro(10), path="/two")
    [row] = detect(SIGNAL, [second, first])
    assert (row["timestamp"], row["path"]) == (at(0), "/one")
    assert row["related_event_ids"] == [event_id(1), event_id(2)]


def test_offsets_before_the_event_are_absolute_times_too() -> None:
    late = [(at - 2090, x, y) for at, x, y in THRASH]
    assert ids([move(2090, 1, late)]) == [[event_id(1)]]
    halves = [move(2090, 1, late[10:]), move(2090, 2, late[:10])]
    assert ids(halves) == [[event_id(1), event_id(2)]]


def test_of_samples_of_one_millisecond_the_last_in_order_counts() -> None:
    straight = [(when, when // 2, 300) for when, _, _ in THRASH]
    assert ids([move(0, 1, THRASH), move(0, 2, straight)]) == []
    assert ids([move(0, 1, straight), move(0, 2, THRASH)]) == [[event_id(2)]]
    assert ids([move(0, 1, THRASH, sent_order=1), move(0, 2, straight)]) == [[event_id(1)]]


def test_a_million_positions_of_one_event_are_judged_within_seconds() -> None:
    """Whatever a recorder sends, a window holds at most a sample a millisecond."""
    restless = [(n // 50, 100 * (n // 50 % 2), 300) for n in range(1_000_000)]
    started = time.monotonic()
    assert ids([move(0, 1, restless)])
    assert time.monotonic() - started < 60


def test_a_lost_pointer_is_dropped() -> None:
    lost = [(50 + n * 110, 65_535, 65_535) for n in range(20)]
    straight = [(n * 110, n * 50, 300) for n in range(20)]
    assert found(sorted(straight + lost)) == []
    assert found(sorted(THRASH + lost)) == found(THRASH)
    half_lost = [(when, 65_535, 300) for when, _, _ in lost]
    assert len(found(sorted(straight + half_lost))) == 1


@pytest.mark.parametrize("left", [-(2**31), -70, 2**31 - 101])
def test_negative_and_huge_coordinates_are_as_good_as_any(left: int) -> None:
    assert found(to_and_fro(left_px=left)) == found(THRASH)


def test_legs_across_the_whole_range_of_integers_are_measured() -> None:
    ends = [(n * 110, (2**31 - 1) if n % 2 else -(2**31), -(2**31)) for n in range(20)]
    [window] = found(ends)
    assert window["path_px"] == 19 * (2**32 - 1)


@pytest.mark.parametrize("other", [{"session_id": event_id(77)}, {"project_id": "two"}])
def test_samples_of_different_sessions_and_projects_do_not_meet(other: Row) -> None:
    assert ids([move(0, 1, THRASH[:10]), move(0, 2, THRASH[10:], **other)]) == []


def test_moves_without_positions_are_nothing() -> None:
    assert ids([move(0, 1, []), move(1, 2, THRASH), move(2, 3, [])]) == [[event_id(2)]]
    assert detect(SIGNAL, []) == []
