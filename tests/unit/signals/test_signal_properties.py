"""What holds for every signal and any events, and the comparison with the plain reference."""

import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orchestration.signals
from orchestration.signals.frames import session_frames
from orchestration.signals.rage_click.schema import STRICT
from orchestration.signals.signal import Signal
from tests.unit.signals import signal_reference as reference
from tests.unit.signals.pointer_moves import to_and_fro
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


def every_signal() -> Iterator[Signal[Any]]:
    for module in pkgutil.iter_modules(orchestration.signals.__path__):
        if module.ispkg and module.name != "schema":
            signal = import_module(f"orchestration.signals.{module.name}").SIGNAL
            if signal.reader is None:  # reads gosight.events
                yield signal


SIGNALS = {signal.table: signal for signal in every_signal()}
of_every_signal = pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS.keys())

KINDS = [
    *("click",) * 6,
    *("js_error", "unhandled_rejection", "page_view", "scroll", "fetch_request", "input_focus"),
    *("mouse_move", "session_end", "console_error", "input_change", "form_submit", "page_exit"),
    *("page_load", "web_vitals"),
]

# What a rule is about, so that it has much to find.
KINDS_OF = {
    "u_turns": [*("page_view",) * 6, "form_submit", "click"],
    "slow_pages": ["page_view", "page_load", "web_vitals", "web_vitals", "scroll"],
    "form_abandonments": [
        *("page_view", "input_change", "input_change", "form_submit", "page_exit", "scroll")
    ],
    "thrashed_cursors": [*("mouse_move",) * 8, "page_view"],
}

# Times and places at and around every bound, so that equality and neighbours are common.
TIMES = st.one_of(
    st.integers(0, 6000), st.sampled_from([0, 1, 1000, 1001, 2000, 2001, 2500, 2501, 3500, 5000])
)
LONG_TIMES = st.one_of(
    TIMES, st.sampled_from([n * 1_800_000 + near for n in range(3) for near in (-1, 0, 1, 5000)])
)
PLACES = st.one_of(
    st.none(), st.integers(-60, 60), st.sampled_from([0, 30, 40, 50, 51, 2**31 - 1, -(2**31)])
)
SWEEPS = st.builds(
    to_and_fro,
    samples=st.sampled_from([0, 1, 7, 13, 17, 24, 45]),
    every_ms=st.sampled_from([0, 60, 110, 125, 126, 260]),
    leg_px=st.sampled_from([0, 29, 30, 63, 250, 65_535]),
    begin_ms=st.sampled_from([-2000, 0, 0, 40]),
    left_px=st.sampled_from([-50, 0, 0, 65_535]),
)


def events_of(
    kinds: list[str], times: st.SearchStrategy[int] = TIMES, most: int = 30
) -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries(
        {
            "project_id": st.sampled_from([PROJECT, "project-two"]),
            "session_id": st.sampled_from([SESSION, SESSION, event_id(0xB2)]),
            "event_type": st.sampled_from(kinds),
            "timestamp": times.map(at),
            "sent_order": st.sampled_from([0, 0, 1, 2**54]),
            "url": st.just("https://shop.test/"),
            "path": st.sampled_from(["/a", "/a", "/b"]),
            "title": st.just(""),
            "click_button": st.sampled_from(["left", "left", "left", "right"]),
            "click_x": PLACES,
            "click_y": PLACES,
            "target_selector": st.sampled_from(["#one", "#one", None]),
            "target_tag": st.just("button"),
            "target_href": st.none(),
            "target_is_interactive": st.sampled_from([True, True, False, None]),
            "target_is_editable": st.sampled_from([False, False, False, True]),
            "target_is_answered_by_browser": st.sampled_from([False, False, None, True]),
            "request_duration_ms": st.sampled_from([None, 0, 1, 500, 2500, 4000]),
            "error_message": st.sampled_from([None, "a", "b"]),
            "lcp": st.sampled_from([None, 0, 4000, 4001]),
            "ttfb": st.sampled_from([None, 0, 1800, 1801]),
            "load_complete": st.sampled_from([None, 0, 6000, 6001]),
            "sweep": SWEEPS,
        }
    ).map(with_moves)
    return st.lists(row, max_size=most).flatmap(with_ids)


def with_moves(row: Row) -> Row:
    """The pointer's sweep as a mouse_move event has it; other events move nothing."""
    sweep = row.pop("sweep") if row["event_type"] == "mouse_move" else []
    return row | {
        name: [sample[place] for sample in sweep]
        for place, name in enumerate(("move_t", "move_x", "move_y"))
    }


def with_ids(rows: list[Row]) -> st.SearchStrategy[list[Row]]:
    """Ids in an order of their own, for they break ties of time and of sending."""
    return st.permutations(range(1, len(rows) + 1)).map(
        lambda numbers: [
            row | {"event_id": event_id(number)} for row, number in zip(rows, numbers, strict=True)
        ]
    )


EVENTS = events_of(KINDS)


def events_for(signal: Signal[Any]) -> st.SearchStrategy[list[Row]]:
    """Any events, or those that the signal's rule is about."""
    kinds = KINDS_OF.get(signal.table)
    return st.one_of(EVENTS, events_of(kinds, most=12)) if kinds else EVENTS


def related(signal: Signal[Any], rows: list[Row]) -> reference.Found:
    names = ("project_id", "session_id", "path", "related_event_ids")
    return [
        tuple(row[name] for name in names)
        for row in detect(signal, rows)
        if json.loads(row["details"]).get("grade") != "not_measurable"
    ]


def steps(signal: Signal[Any], rows: list[Row]) -> reference.Found:
    names = ("project_id", "session_id", "step", "path", "dwell_ms", "run_length", "view_id")
    return [tuple(row[name] for name in names) for row in detect(signal, rows)]


RULES: dict[str, Callable[[list[Row]], reference.Found]] = {
    "rage_clicks": reference.rage_clicks,
    "error_clicks": reference.error_clicks,
    "dead_clicks": reference.dead_clicks,
    "journey_steps": reference.journey_steps,
    "u_turns": reference.u_turns,
    "slow_pages": reference.slow_pages,
    "form_abandonments": reference.form_abandonments,
    "thrashed_cursors": reference.thrashed_cursors,
}


@of_every_signal
@settings(deadline=None, max_examples=60)
@given(rows=EVENTS)
def test_what_is_found_is_what_the_rule_says(signal: Signal[Any], rows: list[Row]) -> None:
    found = steps if signal.table == "journey_steps" else related
    assert sorted(found(signal, rows)) == sorted(RULES[signal.table](rows))


@pytest.mark.parametrize("table", KINDS_OF)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_among_events_of_its_own_kinds_what_is_found_is_what_the_rule_says(
    table: str, data: st.DataObject
) -> None:
    times, most = (TIMES, 8) if table == "thrashed_cursors" else (LONG_TIMES, 30)
    rows = data.draw(events_of(KINDS_OF[table], times, most))
    one_project = [row | {"project_id": PROJECT} for row in rows]
    assert sorted(related(SIGNALS[table], one_project)) == sorted(RULES[table](one_project))


@settings(deadline=None, max_examples=60)
@given(rows=events_of(["click"]))
def test_rage_clicks_among_clicks_alone_are_what_the_rule_says(rows: list[Row]) -> None:
    one_page = [row | {"project_id": PROJECT, "path": "/a"} for row in rows]
    strict = replace(SIGNALS["rage_clicks"], settings=STRICT)
    assert sorted(related(strict, one_page)) == sorted(reference.rage_clicks(one_page, 5, 2000))
    normal = SIGNALS["rage_clicks"]
    assert sorted(related(normal, one_page)) == sorted(reference.rage_clicks(one_page))


@of_every_signal
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_the_order_of_arrival_is_irrelevant(signal: Signal[Any], data: st.DataObject) -> None:
    rows = data.draw(events_for(signal))
    assert detect(signal, data.draw(st.permutations(rows))) == detect(signal, rows)


@of_every_signal
@settings(deadline=None, max_examples=12)
@given(data=st.data(), shift_ms=st.integers(-(10**12), 2 * 10**12))
def test_shifting_all_times_shifts_the_result(
    signal: Signal[Any], data: st.DataObject, shift_ms: int
) -> None:
    rows = data.draw(events_for(signal))
    shift = timedelta(milliseconds=shift_ms)
    shifted = [row | {"timestamp": row["timestamp"] + shift} for row in rows]
    expected = [moved(row, shift) for row in detect(signal, rows)]
    assert [moved(row, timedelta(0)) for row in detect(signal, shifted)] == expected


def moved(row: Row, shift: timedelta) -> Row:
    """The row with every time in it moved, the texts of JSON included."""
    times = {name: value + shift for name, value in row.items() if isinstance(value, datetime)}
    details = {
        name: datetime.fromisoformat(value) + shift if name.endswith("_at") else value
        for name, value in json.loads(row.get("details", "{}")).items()
    }
    return row | times | {"details": details}


@of_every_signal
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_projects_with_equal_session_ids_stay_apart(
    signal: Signal[Any], data: st.DataObject
) -> None:
    rows = data.draw(events_for(signal))
    projects = (PROJECT, "project-two")
    apart = [[row for row in rows if row["project_id"] == project] for project in projects]
    assert detect(signal, rows) == [row for part in apart for row in detect(signal, part)]


@of_every_signal
@settings(deadline=None, max_examples=12)
@given(data=st.data(), height=st.integers(1, 12), batch=st.integers(1, 7))
def test_splitting_the_sessions_over_frames_changes_nothing(
    signal: Signal[Any], data: st.DataObject, height: int, batch: int
) -> None:
    rows = data.draw(events_for(signal))
    whole = frame(signal, sorted(rows, key=reference.session))
    parts = session_frames((whole[i : i + batch] for i in range(0, whole.height, batch)), height)
    found = [signal.detect(part) for part in parts]
    expected = signal.detect(whole)
    assert pl.concat([expected.clear(), *found]).rows() == expected.rows()


@of_every_signal
@settings(deadline=None, max_examples=12)
@given(data=st.data(), late=st.sampled_from(KINDS))
def test_an_event_after_every_window_or_on_another_path_changes_nothing(
    signal: Signal[Any], data: st.DataObject, late: str
) -> None:
    rows = data.draw(events_for(signal))
    if signal.table in ("journey_steps", "u_turns") and late == "page_view":
        late = "click"  # a page view of another path is the next step
    ends = [
        {**row, "event_type": "mouse_move", "timestamp": at(20_000), "event_id": event_id(900 + n)}
        for n, row in enumerate(rows)
    ]
    extra = [
        {**row, "event_type": late, "timestamp": at(12_000 + 4000 * n), "event_id": event_id(800)}
        | {"request_duration_ms": 0, "path": "/elsewhere", "target_is_interactive": False}
        | {"lcp": None, "ttfb": None, "load_complete": None}  # a timing may be a view of its own
        | {"move_t": [], "move_x": [], "move_y": []}  # a pointer is followed across pages
        for n, row in enumerate(rows[:1])
    ]
    assert detect(signal, rows + ends + extra) == detect(signal, rows + ends)


# How long after the last event nothing can belong to it any more, on whatever page.
WINDOWS_MS = {"rage_clicks": 1000, "error_clicks": 1000, "dead_clicks": 2500}


@pytest.mark.parametrize("table", WINDOWS_MS)
@settings(deadline=None, max_examples=40)
@given(rows=EVENTS, late=st.sampled_from(KINDS))
def test_an_event_a_millisecond_after_the_window_changes_nothing_on_the_same_page(
    table: str, rows: list[Row], late: str
) -> None:
    """Two clicks come last, which a third would make rage, an error or an answer something else."""
    signal = SIGNALS[table]
    clicks = [click(20_000, 700), click(20_000, 701)]
    after = 20_000 + WINDOWS_MS[table] + 1
    extra = click(after, 800) | {"event_type": late, "request_duration_ms": 0}
    # Whether a click can be judged depends on the session's end, which is the same in both.
    known = [*rows, *clicks, event("mouse_move", after, 900)]
    assert related(signal, [*known, extra]) == related(signal, known)


@pytest.mark.parametrize("table", ["rage_clicks", "error_clicks", "slow_pages"])
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_an_event_at_any_time_on_another_path_changes_nothing_of_this_one(
    table: str, data: st.DataObject
) -> None:
    signal = SIGNALS[table]
    rows = data.draw(events_for(signal))
    extra = [
        row | {"path": "/elsewhere", "event_id": event_id(800 + n)}
        for n, row in enumerate(data.draw(events_for(signal)))
    ]
    here = [row for row in related(signal, rows + extra) if row[2] != "/elsewhere"]
    assert here == related(signal, rows)
