"""Lists in parts: as many as a command takes, and until what a store refuses stands alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ingest.errors import RefusedByStoreError

T = TypeVar("T")


def parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Slices of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


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
