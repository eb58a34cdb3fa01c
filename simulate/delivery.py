"""How events reach ingest: batches of several sessions, in time order but for small disorder."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import itemgetter
from random import Random

from gosight.ingest_pb2 import EventBatch

from simulate.wire import batch_of

BATCH_EVENTS = 500
_CHUNK = 8_192  # events sorted at a time; the rest held back is what open sessions still send
_SDK_VERSIONS = ("1.4.2", "1.4.2", "1.5.0")

Timed = tuple[int, bytes]
_time_of = itemgetter(0)


def in_time_order(sessions: Iterable[tuple[int, list[Timed]]]) -> Iterator[list[Timed]]:
    """Merge sessions that come ordered by their start into runs of events ordered by time.

    Memory: one chunk and the events of the sessions open at one moment.
    """
    held: list[Timed] = []
    for started_at, events in sessions:
        if len(held) >= _CHUNK:
            held.sort(key=_time_of)
            ripe = bisect_left(held, started_at, key=_time_of)
            yield held[:ripe]
            del held[:ripe]
        held += events
    held.sort(key=_time_of)
    yield held


def batches(sessions: Iterable[tuple[int, list[Timed]]], rng: Random) -> Iterator[EventBatch]:
    """Batches of about 500 events. A few events of each come one batch late, some batches swap."""
    waiting: list[Timed] = []
    late: list[Timed] = []
    kept_back: EventBatch | None = None
    for run in in_time_order(sessions):
        waiting += run
        start = 0
        while len(waiting) - start >= BATCH_EVENTS * 2:
            size = BATCH_EVENTS - 50 + int(rng.random() * 101) - len(late)
            chunk = late + waiting[start : start + size]
            start += size
            late = [chunk.pop(int(rng.random() * len(chunk))) for _ in range(int(rng.random() * 6))]
            batch = _batch(chunk, rng)
            if kept_back is None and rng.random() < 0.05:
                kept_back = batch
                continue
            yield batch
            if kept_back is not None:
                yield kept_back
                kept_back = None
        del waiting[:start]
    if kept_back is not None:
        yield kept_back
    rest = late + waiting
    for start in range(0, len(rest), BATCH_EVENTS):
        yield _batch(rest[start : start + BATCH_EVENTS], rng)


def _batch(chunk: list[Timed], rng: Random) -> EventBatch:
    """Without `sent_at`: it is sent at another time than it was made for, by no wrong clock."""
    batch = batch_of([event for _, event in chunk])
    batch.sdk_version = _SDK_VERSIONS[int(rng.random() * len(_SDK_VERSIONS))]
    return batch
