"""Rage clicks at every bound of their rule."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orchestration.signals.rage_click import SIGNAL
from orchestration.signals.rage_click.schema import STRICT
from tests.unit.signals.signal_events import SESSION, Row, at, click, detect, event, event_id

STRICT_SIGNAL = replace(SIGNAL, settings=STRICT)


def numbers(row: Row) -> list[int]:
    return [int(text.replace("-", ""), 16) for text in row["related_event_ids"]]


def bursts(rows: list[Row]) -> list[list[int]]:
    return [numbers(row) for row in detect(SIGNAL, rows)]


def spread(*offsets: int, **columns: Any) -> list[Row]:
    return [click(offset, number, **columns) for number, offset in enumerate(offsets, start=1)]


def test_two_clicks_are_no_rage_click() -> None:
    assert bursts(spread(0, 100)) == []


def test_three_clicks_are_one_row_with_everything_in_it() -> None:
    rows = [click(0, 1, 100, 200), click(400, 2, 103, 200), click(900, 3, 101, 201)]
    [row] = detect(SIGNAL, rows)
    details = json.loads(row.pop("details"))
    insight = row.pop("insight_id")
    assert insight == "4b181f6d-fe5c-5185-92ba-7ba8c2163ed6"
    assert row == {
        "project_id": "project-one",
        "session_id": SESSION,
        "insight_type": "rage_click",
        "timestamp": at(0),
        "url": "https://shop.test/cart",
        "path": "/cart",
        "x": 101,
        "y": 200,
        "target_selector": "#buy",
        "related_event_ids": [event_id(1), event_id(2), event_id(3)],
        "detector_version": "rage_click-2",
    }
    assert details == {
        "click_count": 3,
        "first_at": "2026-03-01T12:00:00.000Z",
        "last_at": "2026-03-01T12:00:00.900Z",
        "x": 101,
        "y": 200,
    }


@pytest.mark.parametrize(("gap", "found"), [(1000, [[1, 2, 3]]), (1001, [])])
def test_a_gap_of_1000_ms_holds_a_burst_and_1001_does_not(gap: int, found: list[list[int]]) -> None:
    assert bursts(spread(0, gap, 2 * gap)) == found


@pytest.mark.parametrize(
    ("x", "y", "found"),
    [
        (150, 100, [[1, 2, 3]]),
        (130, 140, [[1, 2, 3]]),
        (151, 100, []),
        (150, 103, []),
        (50, 99, []),
    ],
)
def test_a_click_50_px_from_the_first_is_in_and_the_next_further_one_is_out(
    x: int, y: int, found: list[list[int]]
) -> None:
    assert bursts([click(0, 1), click(100, 2), click(200, 3, x, y)]) == found


def test_distance_counts_from_the_first_click_and_not_from_the_last() -> None:
    drifting = [click(100 * i, i + 1, 100 + 20 * i) for i in range(6)]
    assert bursts(drifting) == [[1, 2, 3], [4, 5, 6]]


def test_a_burst_over_the_border_of_a_50_px_grid_cell_is_one_burst() -> None:
    assert bursts([click(0, 1, 49), click(100, 2, 51), click(200, 3, 48)]) == [[1, 2, 3]]


def test_a_far_click_closes_the_burst_even_if_the_next_comes_back() -> None:
    rows = [click(0, 1), click(100, 2), click(200, 3, 900), click(300, 4), click(400, 5)]
    assert bursts(rows) == []


def test_two_bursts_divided_by_a_far_jump_are_two_rows() -> None:
    rows = [click(100 * i, i + 1, 100 if i < 3 else 900) for i in range(7)]
    assert bursts(rows) == [[1, 2, 3], [4, 5, 6, 7]]


def test_clicks_of_one_millisecond_are_ordered_by_id() -> None:
    rows = [click(0, 3, 100), click(0, 1, 100), click(0, 2, 100)]
    assert bursts(rows) == [[1, 2, 3]]
    # By id: 1 (at 100) opens, 2 (at 140) fits, 3 (at 160) does not.
    rows = [
        click(0, 3, 160),
        click(0, 1, 100),
        click(0, 2, 140),
        click(1, 4, 160),
        click(2, 5, 160),
    ]
    assert bursts(rows) == [[3, 4, 5]]


def test_two_tabs_of_one_session_interleaved_are_judged_apart() -> None:
    tabs: list[Row] = [
        {"path": "/a", "url": "https://shop.test/a"},
        {"path": "/b", "url": "https://shop.test/b"},
    ]
    rows = [click(100 * i, i + 1, 100 + 500 * (i % 2), **tabs[i % 2]) for i in range(6)]
    found = {row["path"]: numbers(row) for row in detect(SIGNAL, rows)}
    assert found == {"/a": [1, 3, 5], "/b": [2, 4, 6]}


def test_selectors_are_judged_apart() -> None:
    rows = [click(0, 1), click(100, 2), click(200, 3, target_selector="#sell")]
    assert bursts(rows) == []


def test_clicks_without_a_selector_are_a_spot_of_their_own() -> None:
    bare = [click(100 * i, i + 1, target_selector=None) for i in range(2)]
    assert bursts([*bare, click(200, 3)]) == []
    [row] = detect(SIGNAL, [*bare, click(200, 3), click(300, 4, target_selector=None)])
    assert numbers(row) == [1, 2, 4]
    assert row["target_selector"] is None


@pytest.mark.parametrize(
    "columns",
    [
        {"click_x": None},
        {"click_y": None},
        {"target_is_editable": True},
        {"click_button": "right"},
        {"click_button": "middle"},
        {"event_type": "dblclick"},
    ],
)
def test_a_click_that_cannot_be_raged_neither_counts_nor_interrupts(columns: Row) -> None:
    rows = [click(0, 1), click(100, 2), click(150, 9, x=5000) | columns]
    assert bursts([click(0, 1), click(100, 2), click(150, 9) | columns]) == []
    assert bursts([*rows, click(200, 3)]) == [[1, 2, 3]]


def test_negative_and_huge_coordinates_neither_overflow_nor_match() -> None:
    edge = 2**31 - 1
    far = [click(0, 1, -edge - 1, -edge - 1), click(1, 2, edge, edge), click(2, 3, -edge - 1, edge)]
    assert bursts(far) == []
    [row] = detect(SIGNAL, [click(i, i + 1, edge - i, -edge - 1) for i in range(4)])
    assert (row["x"], row["y"]) == (edge - 1, -edge - 1)


def test_the_centroid_rounds_half_up_below_zero_too() -> None:
    [row] = detect(SIGNAL, [click(i, i + 1, x) for i, x in enumerate([-3, -2, -3, -2])])
    assert row["x"] == -2


def test_strict_asks_for_five_clicks_within_two_seconds() -> None:
    def strict(*offsets: int) -> list[list[int]]:
        return [numbers(row) for row in detect(STRICT_SIGNAL, spread(*offsets))]

    assert strict(0, 100, 200, 300) == []
    assert strict(0, 500, 1000, 1500, 2000) == [[1, 2, 3, 4, 5]]
    assert strict(0, 500, 1000, 1500, 2001) == []
    # More anger does not lift the charge.
    assert strict(0, 500, 1000, 1500, 2000, 2400) == [[1, 2, 3, 4, 5]]


def test_no_events_are_no_rows() -> None:
    assert detect(SIGNAL, []) == []


@pytest.mark.parametrize("kind", ["input_change", "custom", "page_view"])
def test_clicks_that_the_page_answers_one_by_one_are_none(kind: str) -> None:
    clicks = spread(0, 300, 600, 900)
    answers = [event(kind, 300 * n + 10, 10 + n) for n in range(4)]
    assert bursts(clicks + answers) == []
    # Answered too late, or by nothing but a request: a control that hangs.
    assert bursts([*clicks, event(kind, 1901, 10)]) == [[1, 2, 3, 4]]
    requests = [event("fetch_request", 300 * n + 10, 10 + n) for n in range(4)]
    assert bursts(clicks + requests) == [[1, 2, 3, 4]]
    # All but one.
    assert bursts([*clicks, *answers[:3]]) == bursts([*clicks, *answers[1:]]) == [[1, 2, 3, 4]]


TEXT = {"target_is_interactive": False, "target_tag": "p", "target_selector": "p.text"}


@pytest.mark.parametrize(
    ("last", "columns", "found"),
    [
        ((500, 103, 104), TEXT, []),
        ((501, 103, 104), TEXT, [[1, 2, 3]]),
        ((500, 103, 105), TEXT, [[1, 2, 3]]),
        ((500, 103, 104), TEXT | {"target_is_interactive": True}, [[1, 2, 3]]),
    ],
)
def test_three_clicks_within_500_ms_and_5_px_select_text_unless_there_is_something_to_press(
    last: tuple[int, int, int], columns: Row, found: list[list[int]]
) -> None:
    gap, x, y = last
    rows = [click(0, 1, **columns), click(500, 2, **columns), click(500 + gap, 3, x, y, **columns)]
    assert bursts(rows) == found


def test_four_quick_clicks_on_text_are_rage() -> None:
    assert bursts(spread(0, 100, 200, 300, **TEXT)) == [[1, 2, 3, 4]]
