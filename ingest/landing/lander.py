"""Drains the spool into both stores, for as long as ingest runs and whatever state they are in."""

import gc
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.errors import IngestError, StoreError
from ingest.landing.landing import Landing
from ingest.settings import MAX_BLOCK_BYTES, Settings
from ingest.sinks import clickhouse, mongodb
from ingest.spool import Spool
from ingest.spooled import SpooledBatch
from ingest.watching.metrics import Metrics
from ingest.watching.traces import TRACES

# While one block waits for a store another is decoded.
LANES = 3
# A block that was not full is followed by a pause, so that a trickle lands in few inserts.
PAUSE_SECONDS = 0.2
PING_SECONDS = 2.0
FIRST_BACKOFF_SECONDS = 0.2
TOLD_IDS = 50  # of a block's batches, in a line of the log
# A block is a million short-lived objects without cycles. With Python's own 700, 10, 10 looking for
# cycles took a third of the time of decoding: 40 us an event, with these 29.
COLLECTOR = (300_000, 10, 100)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stores:
    """Where to land, and how to ask each store whether it is there (StoreError: it is not)."""

    landing: Landing
    pings: Mapping[str, Callable[[], None]]
    close: Callable[[], None]


def open_stores(settings: Settings) -> Stores:
    """Asks nothing of them yet. SettingsError when an address is none."""
    mongo = mongodb.connect(settings.mongodb_uri)
    documents = mongodb.MongoSink(mongo, settings.mongodb_writers)
    rows = clickhouse.ClickHouseSink(lambda: clickhouse.connect(settings.clickhouse_url))
    pings = {"mongodb": documents.ping, "clickhouse": rows.ping}
    return Stores(Landing(documents, rows), pings, mongo.close)


@dataclass
class _StoreState:
    """What a store answered last: None = nothing yet, '' = all well."""

    name: str
    ping: Callable[[], None]
    error: str | None = None

    def ask(self) -> None:
        """Never raises."""
        try:
            self.ping()
        except StoreError as error:
            if not self.error:
                log.warning("%s", one_line(error))
            self.error = one_line(error)
        else:
            if self.error:
                log.info("%s answers again", self.name)
            self.error = ""


@dataclass
class _Block:
    """Batches that are landed together; `due` is when to try, in monotonic seconds."""

    batches: list[SpooledBatch]
    due: float = 0.0
    failures: int = 0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = sum(batch.size for batch in self.batches)


class Lander:
    """`start` and `stop` once each; in between everything spooled lands, at least once."""

    def __init__(
        self,
        spool: Spool,
        settings: Settings,
        stores: Stores | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """`stores` replaces those that `settings` names."""
        self._metrics = metrics or Metrics()
        self._spool = spool
        self._settings = settings
        self._stores = stores or open_stores(settings)
        self._states = [_StoreState(name, ping) for name, ping in self._stores.pings.items()]
        self._block_bytes = min(settings.block_bytes, MAX_BLOCK_BYTES // (2 * LANES))
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._waiting: list[_Block] = []  # blocks read and in no lane
        self._in_flight = 0  # bytes of all blocks read and not landed
        self._blocks = 0  # their number
        self._last_seq = 0
        self._trouble = ""
        self._threads = [
            threading.Thread(target=self._read, name="lander", daemon=True),
            threading.Thread(target=self._watch, name="stores", daemon=True),
            *(
                threading.Thread(target=self._lane, name=f"lander-{number}", daemon=True)
                for number in range(LANES)
            ),
        ]

    def start(self) -> None:
        """Begin with the oldest batch in the spool. The process looks for cycles rarely then."""
        gc.set_threshold(*COLLECTOR)
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Finish the blocks begun, if they land in time; the rest stays in the spool."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        end = time.monotonic() + timeout_seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))
        self._stores.close()

    def stores(self) -> dict[str, bool]:
        """Whether each store answered when it was last asked, at most a few seconds ago."""
        return {state.name: state.error == "" for state in self._states}

    @property
    def in_flight_blocks(self) -> int:
        """Blocks read and not landed: in a lane, waiting for one, or put aside."""
        return self._blocks

    @property
    def last_error(self) -> str | None:
        """One line on what keeps batches from landing now; None when nothing does."""
        errors = [state.error for state in self._states if state.error]
        return "; ".join(errors) or self._trouble or None

    def _watch(self) -> None:
        while not self._stopping.is_set():
            for state in self._states:
                state.ask()
            self._stopping.wait(PING_SECONDS)

    def _read(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(self._has_room)
            if self._stopping.is_set():
                return
            try:
                batches, last_seq = self._spool.read_after(
                    self._last_seq, self._block_bytes, self._settings.block_events
                )
            except sqlite3.Error as error:
                log.exception("the spool cannot be read")
                self._trouble = one_line(error)
                self._stopping.wait(self._settings.backoff_seconds)
                continue
            if not batches:
                self._spool.wait_for_batches(timeout_seconds=PAUSE_SECONDS)
                continue
            block = _Block(batches)
            self._last_seq = last_seq
            with self._changed:
                self._in_flight += block.size
                self._blocks += 1
                self._waiting.append(block)
                self._changed.notify_all()
            if not self._is_full(block):
                self._stopping.wait(PAUSE_SECONDS)

    def _has_room(self) -> bool:
        """One block ahead of the lanes; blocks put aside count only by their bytes."""
        is_next_read = any(block.failures == 0 for block in self._waiting)
        has_bytes = self._in_flight + self._block_bytes <= MAX_BLOCK_BYTES
        return self._stopping.is_set() or (has_bytes and not is_next_read)

    def _is_full(self, block: _Block) -> bool:
        events = sum(batch.valid for batch in block.batches)
        return block.size > self._block_bytes // 2 or events > self._settings.block_events // 2

    def _lane(self) -> None:
        while (block := self._next()) is not None:
            try:
                self._land(block.batches)
            except StoreError as error:
                self._put_back([block], error)
            except Exception as error:
                # A fault of this code: others must land all the same.
                ids = {"batch_ids": [batch.batch_id for batch in block.batches[:TOLD_IDS]]}
                log.exception("a block of %d batches did not land", len(block.batches), extra=ids)
                self._put_back(_halves(block), error)
            else:
                with self._changed:
                    self._in_flight -= block.size
                    self._blocks -= 1
                    self._trouble = ""
                    self._changed.notify_all()

    def _land(self, batches: Sequence[SpooledBatch]) -> None:
        started = time.perf_counter()
        ids = [batch.batch_id for batch in batches]
        with TRACES.block("landing", batches=len(ids), batch_ids=ids[:TOLD_IDS]):
            fates = self._stores.landing.land(batches)
            self._spool.remove(list(batches))
        events = sum(batch.valid for batch in batches)
        seconds = time.perf_counter() - started
        self._metrics.landed(fates, seconds)
        told = {"batch_ids": ids[:TOLD_IDS]}
        log.debug("landed %d batches, %d events in %.2f s", len(ids), events, seconds, extra=told)

    def _next(self) -> _Block | None:
        """The block to land now; waits for one. None at the end."""
        with self._changed:
            while not self._stopping.is_set():
                now = time.monotonic()
                block = min(self._waiting, key=lambda one: one.due, default=None)
                if block is not None and block.due <= now:
                    self._waiting.remove(block)
                    self._changed.notify_all()
                    return block
                self._changed.wait(None if block is None else block.due - now)
        return None

    def _put_back(self, parts: list[_Block], error: Exception) -> None:
        self._metrics.not_landed()
        for block in parts:
            block.failures += 1
            longest = self._settings.backoff_seconds
            pause = min(longest, FIRST_BACKOFF_SECONDS * 2 ** min(block.failures - 1, 20))
            block.due = time.monotonic() + pause
        text = one_line(error)
        if text != self._trouble:
            log.warning("landing waits: %s", text)
        with self._changed:
            self._trouble = text
            self._waiting += parts
            self._blocks += len(parts) - 1
            self._changed.notify_all()


def _halves(block: _Block) -> list[_Block]:
    """Smaller blocks, so that a batch which cannot land ends up alone."""
    middle = len(block.batches) // 2
    parts = (block.batches[:middle], block.batches[middle:])
    return [_Block(part, failures=block.failures) for part in parts if part]


def one_line(error: Exception) -> str:
    """The first line of an error, not endless."""
    text = str(error).strip() if isinstance(error, IngestError) else repr(error)
    return (text.splitlines() or [type(error).__name__])[0][:300]
