"""Slow pages at every bound of their rule."""

import json
from typing import Any

import pytest

from orchestration.signals.slow_page import SIGNAL
from tests.unit.signals.signal_events import Row, at, detect, event, event_id

VIEW = event("page_view", 0, 1)


def load(offset_ms: int, number: int, **columns: Any) -> Row:
    return event("page_load", offset_ms, number, **columns)


def vitals(offset_ms: int, number: int, **columns: Any) -> Row:
    return event("web_vitals", offset_ms, number, **columns)


def slow(rows: list[Row]) -> list[list[str]]:
    return [row["related_event_ids"] for row in detect(SIGNAL, rows)]


def ids(*numbers: int) -> list[str]:
    return [event_id(number) for number in numbers]


def test_a_slow_view_is_one_row_at_the_time_of_the_page_view() -> None:
    rows = [VIEW, load(7000, 2, ttfb=300, load_complete=7000), vitals(9000, 3, lcp=4500)]
    [row] = detect(SIGNAL, rows)
    assert (row["insight_type"], row["detector_version"]) == ("slow_page", "slow_page-1")
    assert (row["timestamp"], row["path"], row["url"]) == (at(0), "/cart", "https://shop.test/cart")
    assert (row["x"], row["y"], row["target_selector"]) == (None, None, None)
    assert json.loads(row["details"]) == {"lcp": 4500, "ttfb": 300, "load_complete": 7000}
    assert row["related_event_ids"] == ids(1, 2, 3)


@pytest.mark.parametrize(
    ("timing", "limit"), [("lcp", 4000), ("ttfb", 1800), ("load_complete", 6000)]
)
def test_the_limit_is_not_slow_and_a_millisecond_more_is(timing: str, limit: int) -> None:
    assert slow([VIEW, load(10, 2, **{timing: limit})]) == []
    assert slow([VIEW, load(10, 2, **{timing: limit + 1})]) == [ids(1, 2)]


def test_the_greatest_lcp_counts_also_after_a_return_to_the_page() -> None:
    loaded, restored = {"lcp": 9000}, {"lcp": 40}
    assert slow([VIEW, load(10, 2, **loaded), vitals(20, 3, **restored)]) == [ids(1, 2, 3)]
    assert slow([VIEW, load(10, 2, lcp=4000), vitals(20, 3, **restored)]) == []
    assert slow([VIEW, load(10, 2, **loaded), vitals(20, 3)]) == [ids(1, 2, 3)]


@pytest.mark.parametrize("timing", ["ttfb", "load_complete"])
def test_the_first_of_the_other_timings_counts(timing: str) -> None:
    good, bad = {timing: 100}, {timing: 9000}
    assert slow([VIEW, load(10, 2, **good), load(20, 3, **bad)]) == []
    assert slow([VIEW, load(10, 2, **bad), load(20, 3, **good)]) == [ids(1, 2, 3)]
    assert slow([VIEW, load(10, 2), load(20, 3, **bad)]) == [ids(1, 2, 3)]


def test_timings_of_one_millisecond_follow_each_other_as_sent_then_by_id() -> None:
    assert slow([VIEW, load(10, 3, ttfb=100), load(10, 2, ttfb=9000)]) == [ids(1, 2, 3)]
    assert slow([VIEW, load(10, 3, ttfb=9000), load(10, 2, ttfb=100)]) == []
    late = load(10, 2, ttfb=100, sent_order=1)
    assert slow([VIEW, load(10, 3, ttfb=9000), late]) == [ids(1, 3, 2)]


def test_each_view_of_a_page_is_judged_alone() -> None:
    rows = [VIEW, load(10, 2, ttfb=9000), event("page_view", 20, 3), load(30, 4, ttfb=100)]
    assert slow(rows) == [ids(1, 2)]
    other_path = event("page_view", 5, 5, path="/other")
    assert slow([*rows, other_path, load(40, 6, path="/other", lcp=5000)]) == [ids(1, 2), ids(5, 6)]


def test_a_timing_told_before_its_view_belongs_to_it_all_the_same() -> None:
    [row] = detect(SIGNAL, [load(-10, 2, ttfb=9000), VIEW])
    assert (row["timestamp"], row["related_event_ids"]) == (at(0), ids(1, 2))


def test_timings_without_a_view_are_each_a_view_of_their_own() -> None:
    rows = [load(0, 2, ttfb=9000), load(10, 3, ttfb=100), vitals(20, 4, lcp=4001)]
    assert slow(rows) == [ids(2), ids(4)]


def test_a_view_without_timings_is_not_slow() -> None:
    assert slow([VIEW, load(10, 2), vitals(10, 3)]) == []


def test_the_greatest_timing_is_taken_as_it_is() -> None:
    assert slow([VIEW, load(10, 2, lcp=2**32 - 1)]) == [ids(1, 2)]


def test_equal_ids_of_views_in_two_projects_stay_apart() -> None:
    other = {"project_id": "two"}
    rows = [VIEW, load(10, 2, ttfb=9000), VIEW | other, load(10, 3, ttfb=1) | other]
    assert slow(rows) == [ids(1, 2)]


def test_no_events_are_no_rows() -> None:
    assert detect(SIGNAL, []) == []
