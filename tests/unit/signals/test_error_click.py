"""Error clicks at every bound of their rule."""

import json

import pytest

from orchestration.signals.error_click import SIGNAL
from tests.unit.signals.signal_events import Row, at, click, detect, event, event_id


def error(offset_ms: int, number: int, message: str | None = "boom", **columns: object) -> Row:
    return event("js_error", offset_ms, number, error_message=message) | columns


def related(rows: list[Row]) -> list[list[str]]:
    return [row["related_event_ids"] for row in detect(SIGNAL, rows)]


def ids(*numbers: int) -> list[str]:
    return [event_id(number) for number in numbers]


def test_all_errors_of_a_click_are_one_row() -> None:
    rows = [
        click(0, 1, 7, 8),
        error(10, 2, "first"),
        error(900, 3, "second", event_type="unhandled_rejection"),
    ]
    [row] = detect(SIGNAL, rows)
    assert row["insight_type"] == "error_click"
    assert row["detector_version"] == "error_click-1"
    assert (row["timestamp"], row["x"], row["y"], row["target_selector"]) == (at(0), 7, 8, "#buy")
    assert row["related_event_ids"] == ids(1, 2, 3)
    assert json.loads(row["details"]) == {"error_ids": ids(2, 3), "messages": ["first", "second"]}


@pytest.mark.parametrize(("delay", "found"), [(0, 1), (1000, 1), (1001, 0)])
def test_an_error_counts_up_to_1000_ms_after_the_click(delay: int, found: int) -> None:
    assert len(related([click(0, 1), error(delay, 2)])) == found


def test_within_one_millisecond_the_order_of_ids_decides() -> None:
    assert related([click(0, 2), error(0, 1)]) == []
    assert related([click(0, 1), error(0, 2), click(0, 3)]) == [ids(1, 2)]


def test_an_error_belongs_to_the_latest_click_only() -> None:
    rows = [click(0, 1), click(500, 2), error(600, 3)]
    assert related(rows) == [ids(2, 3)]


def test_the_latest_click_takes_the_error_even_when_it_is_too_old_for_neither() -> None:
    rows = [click(0, 1), error(100, 2), click(200, 3), error(1201, 4)]
    assert related(rows) == [ids(1, 2)]


@pytest.mark.parametrize("columns", [{"click_button": "right"}, {"event_type": "dblclick"}])
def test_only_left_clicks_count_and_others_do_not_stand_between(columns: Row) -> None:
    assert related([click(0, 1), click(50, 2) | columns, error(100, 3)]) == [ids(1, 3)]


def test_another_path_session_or_project_is_not_blamed() -> None:
    for other in ({"path": "/x"}, {"session_id": event_id(99)}, {"project_id": "two"}):
        assert related([click(0, 1), error(100, 2, **other)]) == []


def test_two_tabs_of_one_session_interleaved_are_judged_apart() -> None:
    rows = [click(0, 1, path="/a"), click(10, 2, path="/b")]
    rows += [error(20, 3, path="/a"), error(30, 4, path="/b"), error(40, 5, path="/a")]
    assert sorted(related(rows)) == [ids(1, 3, 5), ids(2, 4)]


def test_of_clicks_in_one_millisecond_the_last_in_order_takes_the_error() -> None:
    assert related([click(0, 2), click(0, 1), error(0, 3)]) == [ids(2, 3)]


@pytest.mark.parametrize("edge", [-(2**31), -1, 2**31 - 1])
def test_negative_and_huge_coordinates_are_kept_as_they_are(edge: int) -> None:
    [row] = detect(SIGNAL, [click(0, 1, edge, edge), error(1, 2)])
    assert (row["x"], row["y"]) == (edge, edge)


@pytest.mark.parametrize("kind", ["resource_error", "console_error"])
def test_other_errors_are_no_error_clicks(kind: str) -> None:
    assert related([click(0, 1), error(100, 2, event_type=kind)]) == []


def test_a_click_without_position_or_selector_still_counts() -> None:
    [row] = detect(SIGNAL, [click(0, 1, None, None, target_selector=None), error(1, 2)])
    assert (row["x"], row["y"], row["target_selector"]) == (None, None, None)


def test_messages_are_the_first_ten_cut_to_500_characters_and_ids_are_all() -> None:
    rows = [click(0, 1), *(error(i, i + 1, "é" * 501) for i in range(1, 13))]
    [row] = detect(SIGNAL, rows)
    details = json.loads(row["details"])
    assert details["messages"] == ["é" * 500] * 10
    assert details["error_ids"] == ids(*range(2, 14))


def test_odd_characters_and_a_missing_message_make_valid_json() -> None:
    text = 'a "quote" \\ \n tab\t \u2028 \x01 \U0001f600'
    [row] = detect(SIGNAL, [click(0, 1), error(1, 2, text), error(2, 3, None)])
    assert json.loads(row["details"])["messages"] == [text, ""]


def test_no_events_are_no_rows() -> None:
    assert detect(SIGNAL, []) == []
