"""A whole load: what is read is sent, what is sent is waited for, what became of it is summed."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gosight.ingest_pb2 import EventBatch

from hxi.admin.endpoints import Endpoints
from hxi.load import doors, files
from hxi.load.delivery import PATIENCE_SECONDS, Sent, deliver
from hxi.load.doors import Door
from hxi.load.packets import Packet, from_batch
from hxi.load.spool_health import wait_until_drained
from hxi.load.totals import LoadTotals, open_ledger, wait_until_landed


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is; `bytes_total` is 0 where it is not known."""

    bytes_read: int = 0
    bytes_total: int = 0
    events_sent: int = 0
    batches_sent: int = 0
    batches_landed: int = 0


def silent(_: Progress) -> None:
    """The default of `Options.progress`."""


@dataclass(frozen=True)
class Options:
    """How to load. Without `wait` the totals are those of the answers."""

    key: str | None = None  # default: the stack's own project's
    backfill: bool = False  # lifts the age limit of events
    door: Door | None = None  # default: JSON through HTTP, protobuf through gRPC
    wait: bool = True
    progress: Callable[[Progress], None] = silent


USUAL = Options()


def load_files(endpoints: Endpoints, paths: Sequence[Path], options: Options = USUAL) -> LoadTotals:
    """Load `*.ndjson[.gz]` and `*.binpb` files and wait until they are landed. LoadError if not."""
    bytes_total = files.check(paths)
    load = _Load(endpoints, options, bytes_total)
    return load.run(_packets(paths, load.key))


def load_batches(
    endpoints: Endpoints, batches: Iterable[EventBatch], *, backfill: bool = False
) -> LoadTotals:
    """The same for batches made in this process; their `project_key` is not looked at."""
    packets = (
        packet
        for number, batch in enumerate(batches, 1)
        for packet in from_batch(batch, f"batch {number}")
    )
    return _Load(endpoints, Options(backfill=backfill)).run(packets)


def _packets(paths: Iterable[Path], key: str) -> Iterator[Packet]:
    read = 0
    for path in paths:
        yield from files.packets(path, key, read)
        read += path.stat().st_size


class _Load:
    def __init__(self, endpoints: Endpoints, options: Options, bytes_total: int = 0) -> None:
        self.key = options.key or endpoints.project_key
        self._endpoints = endpoints
        self._options = options
        self._done = Progress(bytes_total=bytes_total)
        self._totals = LoadTotals()
        self._ids: list[str] = []
        self._repeated_at: float | None = None

    def run(self, packets: Iterable[Packet]) -> LoadTotals:
        options = self._options
        with doors.opened(
            self._endpoints, self.key, backfill=options.backfill, door=options.door
        ) as door:
            for sent in deliver(packets, door):
                self._note(sent)
        if options.wait:
            self._wait()
        return self._totals

    def _note(self, sent: Sent) -> None:
        totals, done = self._totals, self._done
        if sent.receipt is None:
            totals.refuse(sent.refusal)
        else:
            totals.batches += 1
            self._ids.append(sent.receipt.batch_id)
            if not self._options.wait:
                totals.answer(sent.receipt.accepted, sent.receipt.rejected)
        if sent.was_repeated:
            self._repeated_at = time.monotonic()
        self._tell(
            bytes_read=max(done.bytes_read, sent.packet.read),
            events_sent=done.events_sent + sent.packet.events,
            batches_sent=done.batches_sent + 1,
        )

    def _wait(self) -> None:
        endpoints = self._endpoints
        with open_ledger(endpoints.clickhouse_url) as ledger:
            wait_until_landed(
                self._ids,
                self._totals,
                ledger,
                PATIENCE_SECONDS,
                lambda count: self._tell(batches_landed=count),
            )
        if self._repeated_at is not None:
            wait_until_drained(endpoints.ingest_url, self._repeated_at, PATIENCE_SECONDS)

    def _tell(self, **changes: int) -> None:
        self._done = replace(self._done, **changes)
        self._options.progress(self._done)
