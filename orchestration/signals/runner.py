"""Runs one signal over the open plan: forgets the planned sessions' rows, then writes them anew."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from orchestration.plan.project_settings import Values, values_by_signal
from orchestration.signals.columns import SESSION_KEY
from orchestration.signals.frames import session_frames
from orchestration.signals.held import HeldEvents, held_events
from orchestration.signals.reading import PLANNED, read_events, with_session_facts
from orchestration.signals.set_aside import judged
from orchestration.signals.set_aside import rows as rows_of
from orchestration.signals.signal import AnySignal
from orchestration.stores.clients import integer

DEFAULT_FRAME_ROWS = 200_000
"""Events held at once: with what joins and sorts make of them some 400 MB (of 500,000, 1.4 GB). One
session longer than that is held whole."""

# An insert of one frame may touch any month from 1990 on; the default limit is 100 partitions.
SET_ASIDE = "set aside by "
INSERT_SETTINGS = {"max_partitions_per_insert_block": 0}


@dataclass(frozen=True)
class SignalReport:
    """What one run of a signal read and wrote. `sessions` are those with an event it reads.

    `set_aside`: those of them that it cannot judge.
    """

    events: int
    sessions: int
    rows: int
    frames: int
    duration_s: float
    set_aside: int = 0


@dataclass(frozen=True)
class OfPlan:
    """What all signals of a run need to know of its plan: what was asked once for all of them.

    `with_rows` names the tables that have rows of the plan, and signals that set sessions of it
    aside; one that has run is among them, in case it runs again. `held`: None where each signal
    reads its events itself.
    """

    plan_id: int
    with_rows: set[str]
    settings: Values
    held: HeldEvents | None = None

    def read(self, client: Client, signal: AnySignal) -> Iterator[pl.DataFrame]:
        """The signal's input; each session's rows are adjacent."""
        if self.held and not signal.reader:
            return self.held.of(signal)
        return (signal.reader or read_events)(client, signal)


def of_plan(
    client: Client, plan_id: int, signals: Sequence[AnySignal], *, is_small: bool = False
) -> OfPlan:
    """Two statements, however many signals; three of a small plan, whose events are held."""
    tables = " UNION ALL ".join(
        f"SELECT '{one.table}' AS name FROM (SELECT 1 FROM signals.{one.table}"
        f" WHERE {PLANNED}{one.but_kept} LIMIT 1)"
        for one in signals
    )
    aside = f"SELECT DISTINCT '{SET_ASIDE}' || signal FROM signals.set_aside WHERE {PLANNED}"
    found = client.query(f"{tables} UNION ALL {aside}").result_rows
    held = held_events(client, signals) if is_small else None
    return OfPlan(plan_id, {str(name) for (name,) in found}, values_by_signal(client), held)


def run_signal(
    client: Client,
    signal: AnySignal,
    frame_rows: int = DEFAULT_FRAME_ROWS,
    *,
    known: OfPlan | None = None,
) -> SignalReport:
    """Makes `signals.<table>` right for the sessions of the open plan; others stay as they are.

    May be repeated after a crash at any point. The client must have no session (it inserts while
    it reads: `autogenerate_session_id=False`). Raises SignalSchemaError, and the client's errors.
    """
    started = time.monotonic()
    known = known or of_plan(client, _open_plan(client), [signal])
    _forget(client, signal, known)
    known.with_rows.update({signal.table, SET_ASIDE + signal.table})
    own_values = known.settings.get(signal.name, {})
    events = sessions = rows = frames = 0
    refused: list[tuple[str, str, str]] = []
    for frame in session_frames(known.read(client, signal), frame_rows):
        for found in judged(frame, lambda part: _detect(client, signal, part, own_values)):
            if isinstance(found, tuple):
                refused.append(found)
            elif not found.is_empty():
                _insert(client, signal.table, found)
                rows += found.height
        events += frame.height
        sessions += frame.select(pl.struct(SESSION_KEY).n_unique()).item()
        frames += 1
    if refused:
        _insert(client, "set_aside", rows_of(signal.table, refused))
    duration_s = time.monotonic() - started
    return SignalReport(events, sessions, rows, frames, duration_s, len(refused))


def _open_plan(client: Client) -> int:
    return integer(client, "SELECT max(plan_id) FROM ops.open_plan")


def _forget(client: Client, signal: AnySignal, known: OfPlan) -> None:
    """Delete the planned sessions' rows of a signal; sends nothing where there are none.

    By the plan's number: a replica that replays the delete when the plan is over finds the same.
    """
    planned = (
        f"SELECT project_id, session_id FROM ops.plan_sessions WHERE plan_id = {known.plan_id}"
    )
    for name, table, but in (
        (signal.table, signal.table, signal.but_kept),
        (SET_ASIDE + signal.table, "set_aside", f" AND signal = '{signal.table}'"),
    ):
        if name in known.with_rows:
            client.command(
                f"DELETE FROM signals.{table} WHERE (project_id, session_id) IN ({planned}){but}"
            )


def _detect(
    client: Client, signal: AnySignal, frame: pl.DataFrame, own_values: Mapping[str, dict[str, Any]]
) -> pl.DataFrame:
    beside = signal.side_reader(client, frame) if signal.side_reader else None
    events = with_session_facts(client, signal.reads, frame)
    if not own_values:
        return signal.detect(events, beside)
    return pl.concat(
        under.detect(judged, None if beside is None else beside.filter(of))
        for under, of in _by_settings(signal, own_values)
        if not (judged := events.filter(of)).is_empty()
    )


def _by_settings(
    signal: AnySignal, own_values: Mapping[str, dict[str, Any]]
) -> Iterator[tuple[AnySignal, pl.Expr]]:
    """The signal under each of the settings there are, with the condition for what it judges."""
    projects: dict[Any, list[str]] = {}
    for project, values in own_values.items():
        projects.setdefault(replace(signal.settings, **values), []).append(project)
    for settings, names in projects.items():
        yield replace(signal, settings=settings), pl.col("project_id").is_in(names)
    yield signal, ~pl.col("project_id").is_in(list(own_values))


def _insert(client: Client, table: str, rows: pl.DataFrame) -> None:
    client.insert_arrow(f"signals.{table}", rows.to_arrow(), settings=INSERT_SETTINGS)
