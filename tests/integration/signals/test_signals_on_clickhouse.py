"""Signals read and write ClickHouse as their transforms, tested alone, take it for granted."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from orchestration.signals import dead_click, form_abandonment, held, replay_facts
from orchestration.signals.held import held_events
from orchestration.signals.reading import read_events, with_session_facts
from orchestration.signals.runner import run_signal
from orchestration.signals.signal import Signal
from tests.integration.signals.signal_databases import (
    SignalDatabases,
    ordered,
    signal_databases,
)
from tests.unit.signals.pointer_moves import move, to_and_fro
from tests.unit.signals.replay_payloads import MUTATION, change, facts, packed, payload, snapshot
from tests.unit.signals.signal_events import (
    PROJECT,
    SESSION,
    Row,
    at,
    click,
    event,
    event_id,
    frame,
)
from tests.unit.signals.test_signal_properties import SIGNALS

OTHER = event_id(0xB2)


def visit(**key: str) -> list[Row]:
    """A visit that every signal finds something in."""
    rows = [
        event("page_view", 0, 1, path="/a"),
        event("page_load", 10, 2, path="/a", ttfb=9000),
        event("page_view", 100, 3, path="/b"),
        event("page_view", 200, 4, path="/a"),
        *(click(1000 + 100 * n, 5 + n, path="/a") for n in range(4)),
        event("js_error", 1500, 10, path="/a", error_message="no"),
        event("input_change", 5000, 11, path="/a", target_selector="#name"),
        event("page_exit", 5100, 12, path="/a"),
        event("form_submit", 5200, 13, path="/a"),
        move(20_000, 14, to_and_fro(25), path="/a"),
    ]
    return [row | key for row in rows]


def visits() -> list[Row]:
    return [row for session in range(1, 6) for row in visit(session_id=event_id(session))] + visit(
        project_id="project-two", session_id=event_id(3)
    )


@pytest.fixture
def databases(clickhouse: Client) -> Iterator[SignalDatabases]:
    with signal_databases(clickhouse) as own:
        yield own


def in_memory(signal: Signal[Any], rows: list[Row]) -> list[Row]:
    return ordered(signal.detect(frame(signal, rows)))


@pytest.mark.parametrize("frame_rows", [1, 30, 500_000])
@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS.keys())
def test_what_is_written_is_what_the_transform_finds(
    databases: SignalDatabases, signal: Signal[Any], frame_rows: int
) -> None:
    databases.hold(visits())
    report = run_signal(databases.as_client(), signal, frame_rows)
    found = databases.found(signal)
    assert found == in_memory(signal, visits())
    assert report.rows == len(found) >= 6
    assert report.sessions == 6


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS.keys())
def test_a_plan_rewrites_its_sessions_and_no_others(
    databases: SignalDatabases, signal: Signal[Any]
) -> None:
    databases.hold(visits())
    run_signal(databases.as_client(), signal)
    run_signal(databases.as_client(), signal)
    assert databases.found(signal) == in_memory(signal, visits())
    databases.command("TRUNCATE TABLE gosight.events")
    databases.plan({(PROJECT, event_id(3))})
    run_signal(databases.as_client(), signal)
    others = [
        row for row in visits() if (row["project_id"], row["session_id"]) != (PROJECT, event_id(3))
    ]
    assert databases.found(signal) == in_memory(signal, others)


def test_events_held_for_all_signals_are_those_that_each_would_read(
    databases: SignalDatabases,
) -> None:
    unplanned = [row | {"session_id": OTHER} for row in visit()]
    foreign = event("js_error", 1500, 20, is_foreign_error=True)
    no_view = event("input_change", 5000, 21, view_id=None)
    counts_nowhere = event("page_view", 300, 22, is_excluded=True)
    databases.hold([*visits(), *unplanned, foreign, no_view, counts_nowhere])
    databases.plan({(str(row["project_id"]), str(row["session_id"])) for row in visits()})
    client = databases.as_client()
    events = held_events(client, list(SIGNALS.values()))
    assert events is not None
    for signal in SIGNALS.values():
        (found,) = events.of(signal)
        read = with_session_facts(client, signal.reads, pl.concat(read_events(client, signal)))
        assert ordered(found) == ordered(read)
        assert found.schema == signal.reads
        assert found.height >= 6


def test_many_events_are_not_held(
    databases: SignalDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    databases.hold(visits())
    events = len(visits())
    for most, is_held in ((events, True), (events - 1, False)):
        monkeypatch.setattr(held, "FEW_EVENTS", most)
        assert (held_events(databases.as_client(), list(SIGNALS.values())) is not None) == is_held


def test_a_delete_replayed_under_a_later_plan_finds_the_rows_it_found(
    databases: SignalDatabases,
) -> None:
    """As a replica does that was away: `late` is the table as it was before the delete."""
    signal = SIGNALS["thrashed_cursors"]
    databases.hold(visits())
    run_signal(databases.as_client(), signal)
    databases.command(f"CREATE TABLE signals.late AS signals.{signal.table}")
    databases.command(f"INSERT INTO signals.late SELECT * FROM signals.{signal.table}")
    databases.plan({(PROJECT, event_id(3))})
    run_signal(databases.as_client(), signal)
    (delete,) = databases.deletes
    everything = {(row["project_id"], row["session_id"]) for row in visits()}
    databases.plan(everything)
    databases.command(delete.replace(f"signals.{signal.table}", "signals.late"))
    left = databases.query("SELECT DISTINCT project_id, toString(session_id) FROM signals.late")
    assert set(left.result_rows) == everything - {(PROJECT, event_id(3))}


def test_forms_are_found_whether_or_not_the_other_events_are_left_out(
    databases: SignalDatabases,
) -> None:
    bridged = [
        event("page_view", 0, 1),
        event("input_change", 10, 2),
        event("mouse_move", 1_000_000, 3),
        event("form_submit", 2_000_000, 4),
    ]
    databases.hold(visits() + [row | {"session_id": OTHER} for row in bridged])
    run_signal(databases.as_client(), form_abandonment.SIGNAL)
    narrowed = databases.found(form_abandonment.SIGNAL)
    assert OTHER not in {row["session_id"] for row in narrowed}
    run_signal(databases.as_client(), replace(form_abandonment.SIGNAL, narrowed_to=""))
    assert databases.found(form_abandonment.SIGNAL) == narrowed


def test_the_device_is_that_of_the_first_event_that_knows_any_of_it(
    databases: SignalDatabases,
) -> None:
    signal = SIGNALS["thrashed_cursors"]
    shake = move(20_000, 5, to_and_fro(), device_type="desktop")
    before = event("custom", 0, 4, device_type="", browser="")
    known = event("custom", 1, 9, device_type="mobile", browser="Firefox")
    other = {"session_id": OTHER}
    databases.hold([shake, before, known, shake | other, before | other])
    run_signal(databases.as_client(), signal)
    assert [row["session_id"] for row in databases.found(signal)] == [OTHER]


def recording() -> list[Row]:
    """Bytes of every kind; those of gzip are no text."""
    broken = payload(300, 4, b"\xff\xfe\x00")
    return [
        payload(-1000, 1, packed(snapshot())),
        payload(100, 2, b'{"type": 3, "data": {"source": 1}}'),
        payload(200, 3, packed([change(MUTATION), change(MUTATION, 50)])),
        broken | {"session_id": OTHER},
        payload(9000, 5, packed(change(MUTATION))),
        *(payload(n, 100 + n, packed(snapshot()), session_id=event_id(7)) for n in range(200)),
    ]


def test_payloads_arrive_as_the_bytes_they_are(databases: SignalDatabases) -> None:
    databases.plan({(PROJECT, SESSION), (PROJECT, OTHER), (PROJECT, event_id(7))})
    databases.hold_payloads(recording())
    for frame_rows in (1, 500_000):
        report = run_signal(databases.as_client(), replay_facts.SIGNAL, frame_rows)
        assert (report.events, report.sessions, report.rows) == (205, 3, 205)
        assert databases.found(replay_facts.SIGNAL) == sorted(facts(recording()), key=repr)


def test_dead_clicks_are_graded_by_the_recording_of_their_session(
    databases: SignalDatabases,
) -> None:
    later = event("mouse_move", 60_000, 90)
    rows = [
        *(click(0, 1), click(3000, 2), click(59_000, 3), later),
        *(row | {"session_id": OTHER} for row in (click(0, 4), later)),
        *(row | {"session_id": event_id(7)} for row in (click(0, 5), later)),
    ]
    databases.hold(rows)
    databases.hold_payloads(recording())
    run_signal(databases.as_client(), replay_facts.SIGNAL)
    for frame_rows in (1, 500_000):
        run_signal(databases.as_client(), dead_click.SIGNAL, frame_rows)
        grades = {
            row["related_event_ids"][0]: row["details"]
            for row in databases.found(dead_click.SIGNAL)
        }
        # The first click moved the page, as only the recording shows.
        assert grades == {
            event_id(2): '{"grade":"observed"}',
            event_id(3): '{"grade":"not_measurable"}',
            event_id(4): '{"grade":"inferred"}',
            event_id(5): '{"grade":"inferred"}',
        }
    assert at(0) == rows[0]["timestamp"]
