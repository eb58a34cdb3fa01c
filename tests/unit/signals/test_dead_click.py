"""Dead clicks at every bound of their rule."""

import json
from typing import Any

import polars as pl
import pytest

from orchestration.signals.dead_click import SIGNAL
from orchestration.signals.dead_click.schema import REACTION_TYPES, REPLAY_FACTS
from orchestration.signals.dead_click.transform import transform
from tests.unit.signals.signal_events import (
    PROJECT,
    SESSION,
    Row,
    at,
    click,
    detect,
    event,
    event_id,
    frame,
)

LATER = event("mouse_move", 60_000, 900)
"""Keeps the session going, and is no reaction."""


def dead(rows: list[Row]) -> list[str]:
    return [row["related_event_ids"][0] for row in detect(SIGNAL, [*rows, LATER])]


def request(reported_ms: int, number: int, duration_ms: int | None, **columns: Any) -> Row:
    return event("fetch_request", reported_ms, number, request_duration_ms=duration_ms, **columns)


def test_a_click_that_nothing_answers_is_one_inferred_row() -> None:
    [row] = detect(SIGNAL, [click(0, 1, 5, 6), LATER])
    assert row["insight_type"] == "dead_click"
    assert row["detector_version"] == "dead_click-2"
    assert (row["timestamp"], row["x"], row["y"], row["target_selector"]) == (at(0), 5, 6, "#buy")
    assert json.loads(row["details"]) == {"grade": "inferred"}
    assert row["related_event_ids"] == [event_id(1)]


@pytest.mark.parametrize("kind", REACTION_TYPES)
def test_every_kind_of_reaction_counts_within_2500_ms(kind: str) -> None:
    assert dead([click(0, 1), event(kind, 2500, 2)]) == []
    assert dead([click(0, 1), event(kind, 2501, 2)]) == [event_id(1)]
    assert dead([event(kind, 0, 0), click(1, 1)]) == [event_id(1)]


@pytest.mark.parametrize(
    "kind",
    ["click", "dblclick", "mouse_move", "page_visible", "js_error", "long_task", "page_load"],
)
def test_other_events_are_no_reaction(kind: str) -> None:
    assert dead([click(0, 1), event(kind, 100, 2)]) == [event_id(1)]


def test_within_one_millisecond_a_reaction_must_be_later_in_order() -> None:
    assert dead([click(0, 1), event("scroll", 0, 2)]) == []
    assert dead([click(0, 3), event("scroll", 0, 2)]) == [event_id(3)]


def test_a_reaction_on_another_path_of_the_session_counts() -> None:
    assert dead([click(0, 1), event("scroll", 10, 2, path="/other")]) == []


@pytest.mark.parametrize("other", [{"session_id": event_id(77)}, {"project_id": "two"}])
def test_a_reaction_in_another_session_or_project_does_not(other: Row) -> None:
    assert dead([click(0, 1), event("scroll", 10, 2, **other)]) == [event_id(1)]


def test_a_request_counts_when_it_began_and_not_when_it_was_reported() -> None:
    assert dead([click(0, 1), request(9000, 2, 6500)]) == []
    assert dead([click(0, 1), request(9000, 2, 6499)]) == [event_id(1)]
    assert dead([click(0, 1), request(500, 2, 501)]) == [event_id(1)]
    assert dead([click(0, 1), request(500, 2, None)]) == []


def test_a_request_begun_in_the_clicks_millisecond_is_ranked_by_its_event() -> None:
    assert dead([click(0, 5), request(40, 2, 40)]) == []
    assert dead([click(0, 5), request(0, 2, 0)]) == [event_id(5)]
    assert dead([click(0, 5), request(0, 6, 0)]) == []


def test_a_request_of_absurd_duration_neither_overflows_nor_answers() -> None:
    assert dead([click(0, 1), request(100, 2, 2**63 - 1)]) == [event_id(1)]
    assert dead([click(0, 1), request(-5, 2, -(2**63))]) == [event_id(1)]


def test_one_reaction_answers_every_click_before_it() -> None:
    rows = [click(0, 1), click(1000, 2), click(2000, 3), event("custom", 3000, 4)]
    assert dead(rows) == [event_id(1)]


@pytest.mark.parametrize(
    "columns",
    [
        {"target_is_interactive": False},
        {"target_is_answered_by_browser": True},
        {"target_is_interactive": None},
        {"click_button": "right"},
        {"event_type": "dblclick"},
    ],
)
def test_only_left_clicks_on_what_looks_interactive_can_be_dead(columns: Row) -> None:
    assert dead([click(0, 1) | columns]) == []


def test_a_click_without_a_position_can_be_dead() -> None:
    assert dead([click(0, 1, None, None, target_selector=None)]) == [event_id(1)]


def test_clicks_of_one_millisecond_are_each_judged() -> None:
    """A reaction between them in order answers the first alone."""
    assert sorted(dead([click(0, 1), click(0, 2)])) == [event_id(1), event_id(2)]
    assert dead([click(0, 1), event("scroll", 0, 2), click(0, 3)]) == [event_id(3)]


def test_clicks_in_two_tabs_of_one_session_are_answered_by_what_follows_in_either() -> None:
    tabs = [click(0, 1, path="/a"), click(10, 2, path="/b")]
    assert sorted(dead(tabs)) == [event_id(1), event_id(2)]
    assert dead([*tabs, event("scroll", 5, 3, path="/a")]) == [event_id(2)]
    assert dead([*tabs, event("scroll", 20, 3, path="/a")]) == []


@pytest.mark.parametrize("edge", [-(2**31), -1, 2**31 - 1])
def test_negative_and_huge_coordinates_are_as_dead_as_any(edge: int) -> None:
    assert dead([click(0, 1, edge, edge)]) == [event_id(1)]


def test_a_link_to_another_origin_is_not_judged_but_one_within_is() -> None:
    link: Row = {"target_tag": "a", "url": "https://shop.test/cart"}
    assert dead([click(0, 1, **link, target_href="https://bank.test/")]) == []
    assert dead([click(0, 1, **link, target_href="/help")]) == [event_id(1)]
    assert dead([click(0, 1, **link, target_href=None)]) == [event_id(1)]
    button: Row = link | {"target_tag": "button", "target_href": "https://bank.test/"}
    assert dead([click(0, 1, **button)]) == [event_id(1)]


def grades(rows: list[Row], replay: list[tuple[int, str]]) -> list[str]:
    facts = pl.LazyFrame(
        [(PROJECT, SESSION, at(offset), kind) for offset, kind in replay],
        schema=REPLAY_FACTS,
        orient="row",
    )
    found = transform(frame(SIGNAL, rows).lazy(), replay_facts=facts).collect()
    return [json.loads(text)["grade"] for text in found["details"]]


def test_a_replay_that_covers_the_window_and_saw_nothing_observes_the_click() -> None:
    rows = [click(0, 1), LATER]
    assert grades(rows, [(0, "full_snapshot"), (2500, "other")]) == ["observed"]
    assert grades(rows, [(1, "full_snapshot"), (2500, "other")]) == ["inferred"]
    assert grades(rows, [(0, "full_snapshot"), (2499, "other")]) == ["inferred"]
    assert grades(rows, [(0, "other"), (2500, "other")]) == ["inferred"]
    assert grades(rows, []) == ["inferred"]


@pytest.mark.parametrize(("offset", "found"), [(0, 1), (1, 0), (2500, 0), (2501, 1)])
def test_a_change_seen_by_the_replay_in_the_window_is_a_reaction(offset: int, found: int) -> None:
    replay = [(-10, "full_snapshot"), (offset, "change"), (9000, "other")]
    assert len(grades([click(0, 1), LATER], replay)) == found


def test_a_replay_that_outlasts_the_events_makes_the_click_measurable() -> None:
    assert grades([click(0, 1)], [(-10, "full_snapshot"), (2500, "other")]) == ["observed"]
    assert grades([click(0, 1)], [(-10, "full_snapshot"), (2499, "other")]) == ["not_measurable"]


@pytest.mark.parametrize(
    ("ends_at", "grade"), [(2500, "inferred"), (2499, "not_measurable"), (0, "not_measurable")]
)
def test_a_click_whose_window_outlasts_the_session_is_not_measurable(
    ends_at: int, grade: str
) -> None:
    assert grades([click(0, 1), event("mouse_move", ends_at, 2)], []) == [grade]


@pytest.mark.parametrize(
    ("offset", "grade"), [(0, "observed"), (1, "inferred"), (2500, "inferred"), (2501, "observed")]
)
def test_a_payload_that_cannot_be_read_may_hide_an_answer(offset: int, grade: str) -> None:
    replay = [(-10, "full_snapshot"), (offset, "unreadable"), (9000, "other")]
    assert grades([click(0, 1), LATER], replay) == [grade]


def test_a_recording_of_another_session_sees_nothing_of_this_one() -> None:
    rows = [click(0, 1), click(5000, 2, session_id=event_id(77)), LATER]
    rows.append(LATER | {"session_id": event_id(77)})
    replay = [(-10, "full_snapshot"), (5100, "change"), (9000, "other")]
    assert sorted(grades(rows, replay)) == ["inferred", "observed"]


def test_no_events_are_no_rows() -> None:
    assert detect(SIGNAL, []) == []


def test_many_sessions_in_one_frame_are_judged_as_each_alone() -> None:
    """Every third session answers; there are enough for the engine to work in parallel."""
    rows = [
        row | {"session_id": event_id(session)}
        for session in range(4000)
        for row in [
            click(0, 1),
            event("scroll", 2400 if session % 3 == 0 else 2600, 2),
            event("mouse_move", 60_000, 3),
        ]
    ]
    found = [row["session_id"] for row in detect(SIGNAL, rows)]
    assert found == [event_id(session) for session in range(4000) if session % 3]
