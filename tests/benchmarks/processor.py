"""Processor time, which other work on the machine changes far less than it does wall time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil

Clock = dict[str, float]
"""Seconds by name of process, user and system, of all its threads."""


@contextmanager
def watched(pids: Mapping[str, int]) -> Iterator[Clock]:
    """Gives a clock that has, after the block, what each process and its children took in it.

    A child that ends within the block counts once its parent has waited for it.
    """
    took: Clock = {}
    before = {name: _seconds(pid) for name, pid in pids.items()}
    yield took
    took |= {name: _seconds(pid) - before[name] for name, pid in pids.items()}


def _seconds(pid: int) -> float:
    process = psutil.Process(pid)
    ended = process.cpu_times()
    living = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(
        ended.children_user + ended.children_system + sum(one.user + one.system for one in living)
    )
