"""Finds the rows that a store refuses: halves what was refused until the culprits stand alone."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ingest.errors import RefusedByStoreError

T = TypeVar("T")


def write_or_split(write: Callable[[Sequence[T]], None], items: Sequence[T]) -> dict[int, str]:
    """Write all that the store takes; index and reason of what it refuses even alone.

    `write` raises RefusedByStoreError for a lasting reason and must be safe to repeat; any other
    error goes through.
    """
    refused: dict[int, str] = {}
    waiting = [(0, len(items))]
    while waiting:
        start, end = waiting.pop()
        if start == end:
            continue
        try:
            write(items[start:end])
        except RefusedByStoreError as error:
            if end - start == 1:
                refused[start] = str(error)
                continue
            middle = (start + end) // 2
            waiting += [(middle, end), (start, middle)]
    return refused
