"""The lander drains the spool whatever the stores do, in blocks of bounded size."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from ingest.errors import StoreDownError
from ingest.landing.lander import LANES, Lander, Stores
from ingest.landing.landing import Landing
from ingest.settings import Settings
from ingest.spool import Spool
from ingest.spooled import SpooledBatch
from tests.unit.ingest_landing.landing_batches import batch_of, event
from tests.waiting import until

SECONDS = 20.0


@dataclass
class Recorder:
    """In the place of landing: keeps what it is given, or raises what `fails` gives for it."""

    fails: Callable[[Sequence[SpooledBatch]], Exception | None] = lambda _batches: None
    blocks: list[list[str]] = field(default_factory=list)
    tries: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def land(self, batches: Sequence[SpooledBatch]) -> Counter[str]:
        self.gate.wait(SECONDS)
        self.tries += 1
        error = self.fails(batches)
        if error is not None:
            raise error
        self.blocks.append([batch.batch_id for batch in batches])
        return Counter(landed=sum(batch.valid for batch in batches))

    @property
    def landed(self) -> list[str]:
        return sorted(batch_id for block in self.blocks for batch_id in block)


@dataclass
class Running:
    spool: Spool
    lander: Lander

    def put(self, *batches: SpooledBatch) -> None:
        for done in [self.spool.append(batch) for batch in batches]:
            done.result(SECONDS)

    def wait_empty(self) -> None:
        until(lambda: self.spool.depth().batches == 0)


@contextmanager
def running(
    folder: Path,
    recorder: Recorder,
    batches: Sequence[SpooledBatch] = (),
    block_events: int = 10_000,
) -> Iterator[Running]:
    """A lander whose spool holds `batches` when it starts."""
    settings = Settings("", "", "", folder, backoff_seconds=0.05, block_events=block_events)
    stores = Stores(cast("Landing", recorder), {"mongodb": lambda: None}, lambda: None)
    with Spool(folder, 1 << 30) as spool:
        lander = Lander(spool, settings, stores)
        one = Running(spool, lander)
        one.put(*batches)
        lander.start()
        yield one
        recorder.gate.set()
        lander.stop(SECONDS)


@pytest.fixture
def recorder() -> Recorder:
    made = Recorder()
    made.gate.set()
    return made


def some(count: int, start: int = 0) -> list[SpooledBatch]:
    return [
        batch_of("project", f"batch {number}", [event(f"event {number}")])
        for number in range(start, start + count)
    ]


def ids(batches: Sequence[SpooledBatch]) -> list[str]:
    return sorted(batch.batch_id for batch in batches)


def test_what_lies_in_the_spool_and_what_comes_later_lands_once(
    tmp_path: Path, recorder: Recorder
) -> None:
    with running(tmp_path, recorder, some(30)) as one:
        one.wait_empty()
        one.put(*some(30, start=30))
        one.wait_empty()
    assert recorder.landed == ids(some(60))


def test_a_block_has_no_more_events_than_set(tmp_path: Path, recorder: Recorder) -> None:
    with running(tmp_path, recorder, some(25), block_events=10) as one:
        one.wait_empty()
    assert sorted(map(len, recorder.blocks)) == [5, 10, 10]


def test_while_a_store_is_down_the_same_block_is_tried_until_it_lands(
    tmp_path: Path, recorder: Recorder
) -> None:
    down = StoreDownError("MongoDB: not here\nand more lines")
    recorder.fails = lambda _batches: down if recorder.tries < 5 else None
    with running(tmp_path, recorder, some(3)) as one:
        until(lambda: one.lander.last_error == "MongoDB: not here")
        one.wait_empty()
        until(lambda: one.lander.last_error is None)
    assert recorder.tries == 5
    assert recorder.landed == ids(some(3))


def test_a_batch_that_never_lands_keeps_no_other_back(tmp_path: Path, recorder: Recorder) -> None:
    bad = some(1, start=99)
    recorder.fails = lambda batches: ValueError("a fault") if bad[0] in batches else None
    with running(tmp_path, recorder, [*some(20), *bad, *some(20, start=20)]) as one:
        until(lambda: one.spool.depth().batches == 1)
        one.put(*some(5, start=40))
        until(lambda: one.spool.depth().batches == 1)
        assert one.lander.last_error in {None, "ValueError('a fault')"}
    assert recorder.landed == ids(some(45))


def test_no_more_is_read_than_may_be_in_flight(tmp_path: Path, recorder: Recorder) -> None:
    recorder.gate.clear()
    with running(tmp_path, recorder, some(50), block_events=1) as one:
        # Each lane holds a block, and one waits for them.
        until(lambda: one.lander.in_flight_blocks == LANES + 1)
        time.sleep(0.2)
        assert one.lander.in_flight_blocks == LANES + 1
        recorder.gate.set()
        one.wait_empty()
    assert recorder.landed == ids(some(50))


def test_stop_lets_a_block_finish_and_leaves_the_rest(tmp_path: Path, recorder: Recorder) -> None:
    recorder.gate.clear()
    with running(tmp_path, recorder, some(50), block_events=1) as one:
        until(lambda: one.lander.in_flight_blocks == LANES + 1)
        threading.Timer(0.2, recorder.gate.set).start()
        one.lander.stop(SECONDS)
        assert one.spool.depth().batches == 50 - LANES
    assert len(recorder.landed) == LANES


def test_a_store_is_there_only_when_it_has_answered(tmp_path: Path, recorder: Recorder) -> None:
    answers = threading.Event()

    def ping() -> None:
        if not answers.is_set():
            raise StoreDownError("ClickHouse does not answer")

    stores = Stores(
        cast("Landing", recorder), {"mongodb": lambda: None, "clickhouse": ping}, lambda: None
    )
    with Spool(tmp_path, 1 << 30) as spool:
        lander = Lander(spool, Settings("", "", "", tmp_path), stores)
        assert lander.stores() == {"mongodb": False, "clickhouse": False}
        lander.start()
        until(lambda: lander.stores() == {"mongodb": True, "clickhouse": False})
        until(lambda: lander.last_error == "ClickHouse does not answer")
        answers.set()
        until(lambda: all(lander.stores().values()))
        assert lander.last_error is None
        lander.stop(SECONDS)
