"""Waiting for what takes a moment, and longer on a busy machine."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    holds: Callable[[], T], said: Callable[[], object] | None = None, seconds: float = 60.0
) -> T:
    """What `holds` answers once it is true; `said` is told where it is waited for in vain."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, said() if said else "waited in vain"
        time.sleep(0.05)
    return found
