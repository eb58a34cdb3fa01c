"""What is killed in the middle of a load costs neither an event nor the load."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hxi.admin.endpoints import Endpoints
from hxi.load import Options, Progress, load_batches, load_files
from simulate import Plan, generate
from stack.embedded import Stack


class KillOnce:
    """Listens to a load's progress and kills a program with -9 as soon as `when` says so."""

    def __init__(self, stack: Stack, name: str, when: Callable[[Progress], bool]) -> None:
        self._stack, self._name, self._when = stack, name, when
        self.at: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        if self.at is None and self._when(progress):
            self.at = progress
            os.kill(self._stack.pids[self._name], signal.SIGKILL)


@pytest.mark.parametrize("name", ["visits.binpb", "visits.ndjson"])
def test_ingest_killed_while_files_are_sent(
    stack: Stack, own: Endpoints, simulated: tuple[Path, int], name: str, kept: Callable[[], Any]
) -> None:
    folder, events = simulated
    kill = KillOnce(stack, "ingest", lambda progress: progress.batches_sent >= 5)
    totals = load_files(own, [folder / name], Options(progress=kill))
    assert kill.at is not None
    assert kill.at.events_sent < events
    assert (totals.received, totals.rejected, totals.refused_batches) == (events, 0, 0)
    assert totals.landed + totals.duplicate == events
    assert kept().clickhouse == kept().mongodb == (events, 0)


@pytest.mark.parametrize("name", ["clickhouse", "mongodb", "postgres", "ingest"])
def test_a_program_killed_while_batches_land(
    stack: Stack, own: Endpoints, simulated: tuple[Path, int], name: str, kept: Callable[[], Any]
) -> None:
    folder, events = simulated
    kill = KillOnce(stack, name, lambda progress: progress.batches_landed > 0)
    totals = load_files(own, [folder / "visits.binpb"], Options(progress=kill))
    assert kill.at is not None
    assert (totals.received, totals.landed, totals.duplicate) == (events, events, 0)
    stack.wait_ready()
    assert kept().clickhouse == kept().mongodb == (events, 0)


def test_batches_of_this_process_are_loaded_and_loaded_again(
    own: Endpoints, kept: Callable[[], Any]
) -> None:
    plan = Plan(sessions=20, days=1, seed=3, recorded=0)
    first, again = (load_batches(own, generate(plan)) for _ in range(2))
    assert first.received == first.landed > 100
    assert (again.received, again.duplicate) == (first.received, first.received)
    assert kept().clickhouse == kept().mongodb == (first.received, 0)
