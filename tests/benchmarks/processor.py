"""Processor time, which other work on the machine changes far less than it does wall time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

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


def listening(addresses: Mapping[str, str]) -> dict[str, int]:
    """The processes of this machine that listen at these URLs; children belong to their parent."""
    ports = {urlsplit(url).port: name for name, url in addresses.items()}
    found: dict[str, int] = {}
    for one in psutil.net_connections("tcp"):
        port = one.laddr[1] if one.laddr else None
        if one.status == psutil.CONN_LISTEN and port in ports and one.pid:
            name = ports[port]
            found[name] = min(one.pid, found.get(name, one.pid))
    return found


def _seconds(pid: int) -> float:
    process = psutil.Process(pid)
    ended = process.cpu_times()
    living = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(
        ended.children_user + ended.children_system + sum(one.user + one.system for one in living)
    )
