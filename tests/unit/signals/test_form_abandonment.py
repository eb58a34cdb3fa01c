"""Abandoned forms at every bound of their rule."""

import json
from typing import Any

import pytest

from orchestration.signals.form_abandonment import SIGNAL
from tests.unit.signals.signal_events import Row, at, detect, event, event_id

VIEW = event("page_view", 0, 1)
HALF_HOUR = 30 * 60 * 1000


def change(offset_ms: int, number: int, field: str | None = "#name", **columns: Any) -> Row:
    return event("input_change", offset_ms, number, target_selector=field, **columns)


def abandoned(rows: list[Row]) -> list[list[str]]:
    return [row["related_event_ids"] for row in detect(SIGNAL, rows)]


def ids(*numbers: int) -> list[str]:
    return [event_id(number) for number in numbers]


def test_a_form_filled_in_and_not_sent_is_one_row_with_its_last_field() -> None:
    rows = [VIEW, change(10, 2), change(20, 3, "#mail"), change(30, 4), change(40, 5, "#mail")]
    [row] = detect(SIGNAL, rows)
    assert row["insight_type"] == "form_abandonment"
    assert row["detector_version"] == "form_abandonment-1"
    assert (row["timestamp"], row["path"], row["target_selector"]) == (at(10), "/cart", "#mail")
    assert (row["x"], row["y"]) == (None, None)
    assert json.loads(row["details"]) == {"changes": 4, "fields": 2, "last_field": "#mail"}
    assert row["related_event_ids"] == ids(2, 3, 4, 5)


@pytest.mark.parametrize("submitted_at", [5, 15, 10_000])
def test_any_submit_on_the_view_closes_it(submitted_at: int) -> None:
    assert abandoned([VIEW, change(10, 2), event("form_submit", submitted_at, 3)]) == []


def test_a_submit_after_the_exit_is_too_late() -> None:
    rows = [VIEW, change(10, 2), event("page_exit", 20, 4)]
    assert abandoned([*rows, event("form_submit", 20, 3)]) == []
    assert abandoned([*rows, event("form_submit", 20, 5)]) == [ids(2)]
    assert abandoned([*rows, event("form_submit", 21, 3)]) == [ids(2)]


def test_an_exit_before_the_first_change_ends_nothing() -> None:
    rows = [VIEW, event("page_exit", 5, 2), change(10, 3)]
    assert abandoned([*rows, event("form_submit", 20, 4)]) == []
    assert abandoned(rows) == [ids(3)]


@pytest.mark.parametrize(("gap", "found"), [(HALF_HOUR - 1, 0), (HALF_HOUR, 1)])
def test_a_submit_after_half_an_hour_without_events_is_too_late(gap: int, found: int) -> None:
    rows = [VIEW, change(10, 2), event("form_submit", 10 + gap, 3)]
    assert len(abandoned(rows)) == found


def test_any_event_of_the_view_bridges_the_gap() -> None:
    rows = [VIEW, change(10, 2), event("form_submit", HALF_HOUR + 10, 3)]
    for kind in ("mouse_move", "scroll", "page_visible", "input_focus", "custom"):
        assert abandoned([*rows, event(kind, 1000, 4)]) == []
        assert abandoned([*rows, event(kind, 1000, 4, path="/other")]) == [ids(2)]


def test_a_gap_before_the_first_change_ends_nothing() -> None:
    late = HALF_HOUR + 100
    rows = [VIEW, change(late, 2), event("form_submit", late + 10, 3)]
    assert abandoned(rows) == []
    assert abandoned(rows[:2]) == [ids(2)]


def test_changes_after_the_view_was_left_are_not_part_of_it() -> None:
    rows = [VIEW, change(10, 2), event("page_exit", 20, 3), change(30, 4, "#late")]
    [row] = detect(SIGNAL, rows)
    assert (row["target_selector"], row["related_event_ids"]) == ("#name", ids(2))


def test_focus_blur_and_start_without_a_change_are_no_form_filled_in() -> None:
    rows = [VIEW, *(event(k, 10, 2) for k in ("input_focus", "input_blur", "form_start"))]
    assert abandoned(rows) == []


def test_told_abandonment_and_errors_do_not_close_a_form() -> None:
    rows = [VIEW, change(10, 2), event("form_abandon", 20, 3), event("form_error", 30, 4)]
    assert abandoned(rows) == [ids(2)]


@pytest.mark.parametrize(
    "other", [{"path": "/other"}, {"session_id": event_id(77)}, {"project_id": "two"}]
)
def test_a_submit_on_another_path_session_or_project_does_not_close_it(other: Row) -> None:
    submit = event("form_submit", 20, 3, **other)
    other_view = event("page_view", 0, 9, **other)
    assert abandoned([VIEW, other_view, change(10, 2), submit]) == [ids(2)]


def test_a_new_view_of_the_page_is_a_new_form() -> None:
    rows = [VIEW, change(10, 2), event("page_view", 20, 3), event("form_submit", 30, 4)]
    assert abandoned(rows) == [ids(2)]
    assert abandoned([*rows, change(25, 5)]) == [ids(2)]
    assert abandoned([*rows[:3], change(25, 5)]) == [ids(2), ids(5)]


def test_two_tabs_of_one_session_on_different_paths_are_judged_alone() -> None:
    other = event("page_view", 1, 9, path="/other")
    rows = [VIEW, other, change(10, 2), change(11, 3, path="/other")]
    assert abandoned([*rows, event("form_submit", 20, 4)]) == [ids(3)]


def test_a_change_on_a_page_without_a_view_is_not_judged() -> None:
    assert abandoned([change(10, 2)]) == []


def test_a_field_without_a_selector_counts_as_a_field() -> None:
    [row] = detect(SIGNAL, [VIEW, change(10, 2, None)])
    assert row["target_selector"] is None
    assert json.loads(row["details"]) == {"changes": 1, "fields": 1, "last_field": None}


def test_changes_of_one_millisecond_follow_each_other_by_id() -> None:
    [row] = detect(SIGNAL, [VIEW, change(10, 3, "#b"), change(10, 2, "#a")])
    assert (row["target_selector"], row["related_event_ids"]) == ("#b", ids(2, 3))


def test_no_events_are_no_rows() -> None:
    assert detect(SIGNAL, []) == []
