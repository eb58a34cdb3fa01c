"""U-turns at every bound of their rule."""

import json
from typing import Any

import pytest

from orchestration.signals.u_turn import SIGNAL
from tests.unit.signals.signal_events import Row, at, detect, event, event_id


def view(offset_ms: int, number: int, path: str, **columns: Any) -> Row:
    url = f"https://shop.test{path}"
    return event("page_view", offset_ms, number, path=path, url=url, **columns)


def turns(rows: list[Row]) -> list[tuple[str, list[str]]]:
    return [(row["path"], row["related_event_ids"]) for row in detect(SIGNAL, rows)]


def ids(*numbers: int) -> list[str]:
    return [event_id(number) for number in numbers]


def test_a_page_left_at_once_for_the_one_before_is_one_row_of_that_page() -> None:
    rows = [view(0, 1, "/list"), view(7000, 2, "/item"), view(9000, 3, "/list")]
    [row] = detect(SIGNAL, rows)
    assert (row["insight_type"], row["detector_version"]) == ("u_turn", "u_turn-1")
    assert (row["timestamp"], row["path"], row["url"]) == (at(0), "/item", "https://shop.test/item")
    assert (row["x"], row["y"], row["target_selector"]) == (None, None, None)
    assert json.loads(row["details"]) == {"path_before": "/list", "away_ms": 2000}
    assert row["related_event_ids"] == ids(1, 2, 3)


@pytest.mark.parametrize(("back_at", "found"), [(15_000, 1), (15_001, 0)])
def test_the_way_back_takes_at_most_ten_seconds(back_at: int, found: int) -> None:
    rows = [view(0, 1, "/a"), view(5000, 2, "/b"), view(back_at, 3, "/a")]
    assert len(turns(rows)) == found


def test_time_counts_from_the_first_view_of_the_page_left() -> None:
    rows = [view(0, 1, "/a"), view(1000, 2, "/b"), view(9000, 3, "/b"), view(11_000, 4, "/a")]
    assert turns(rows) == [("/b", ids(1, 2, 4))]
    assert turns([*rows[:3], view(11_001, 4, "/a")]) == []


def test_repeated_views_of_the_first_page_are_one_step_that_began_with_the_first() -> None:
    rows = [view(0, 1, "/a"), view(500, 2, "/a"), view(1000, 3, "/b"), view(2000, 4, "/a")]
    assert turns(rows) == [("/b", ids(1, 3, 4))]


def test_to_and_fro_is_a_u_turn_each_time() -> None:
    rows = [view(n * 1000, n, "/a" if n % 2 else "/b") for n in range(1, 6)]
    assert turns(rows) == [("/b", ids(1, 2, 3)), ("/a", ids(2, 3, 4)), ("/b", ids(3, 4, 5))]


def test_on_to_a_third_page_or_a_reload_is_none() -> None:
    assert turns([view(0, 1, "/a"), view(10, 2, "/b"), view(20, 3, "/c")]) == []
    assert turns([view(0, 1, "/a"), view(10, 2, "/a"), view(20, 3, "/a")]) == []
    assert turns([view(0, 1, "/a"), view(10, 2, "/b")]) == []


def test_a_form_submitted_on_the_page_says_the_visit_was_not_in_vain() -> None:
    rows = [view(0, 1, "/a"), view(1000, 3, "/b"), view(2000, 5, "/a")]
    for submitted in [(1000, 4), (1500, 9), (2000, 4)]:
        assert turns([*rows, event("form_submit", *submitted, path="/b")]) == []


@pytest.mark.parametrize(
    ("moment", "columns"),
    [
        ((999, 9), {"path": "/b"}),
        ((1000, 2), {"path": "/b"}),
        ((2000, 6), {"path": "/b"}),
        ((1500, 9), {"path": "/a"}),
        ((1500, 9), {"path": "/b", "session_id": event_id(77)}),
        ((1500, 9), {"path": "/b", "project_id": "two"}),
    ],
)
def test_a_form_submitted_at_another_time_or_place_changes_nothing(
    moment: tuple[int, int], columns: Row
) -> None:
    rows = [view(0, 1, "/a"), view(1000, 3, "/b"), view(2000, 5, "/a")]
    assert turns([*rows, event("form_submit", *moment, **columns)]) == [("/b", ids(1, 3, 5))]


def test_views_of_one_millisecond_follow_each_other_by_id() -> None:
    rows = [view(0, 1, "/a"), view(0, 2, "/b"), view(0, 3, "/a")]
    assert turns(rows) == [("/b", ids(1, 2, 3))]
    assert turns([view(0, 1, "/a"), view(0, 3, "/b"), view(0, 2, "/a")]) == []


def test_two_tabs_of_one_session_are_one_way() -> None:
    tabs = [view(0, 1, "/a"), view(1000, 2, "/b"), view(1500, 3, "/c"), view(2000, 4, "/a")]
    assert turns(tabs) == []


@pytest.mark.parametrize("other", [{"session_id": event_id(77)}, {"project_id": "two"}])
def test_steps_of_different_sessions_and_projects_do_not_meet(other: Row) -> None:
    rows = [view(0, 1, "/a"), view(10, 2, "/b", **other), view(20, 3, "/a")]
    assert turns(rows) == []


def test_no_events_are_no_rows() -> None:
    assert detect(SIGNAL, []) == []
