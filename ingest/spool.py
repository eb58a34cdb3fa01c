"""The spool: accepted batches on local disk, from the client's answer until both stores have them.

SQLite in WAL mode with synchronous=FULL: a commit is on disk when it returns. One thread writes;
all appends and removals that wait while it commits share its next commit.
"""

import fcntl
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

from ingest.errors import IngestError, UnavailableError
from ingest.spooled import COLUMNS, ROW_OVERHEAD_BYTES, SpooledBatch, make_table

FILE_NAME = "spool.sqlite3"
LOCK_NAME = "lock"
# Appends that wait for one commit; more would only lengthen the answer times.
MAX_GROUP = 1024
# Requests that may wait for the writer; their bytes are bounded by the spool's own bound.
MAX_WAITING = 100_000

log = logging.getLogger(__name__)


class SpoolError(IngestError):
    """The spool cannot be opened; the text says why."""


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits for landing."""

    batches: int
    events: int
    bytes: int
    oldest_ingested_at: int | None  # ms since 1970


@dataclass(frozen=True, slots=True)
class _Append:
    batch: SpooledBatch
    done: Future[None]


@dataclass(frozen=True, slots=True)
class _Remove:
    batches: list[SpooledBatch]
    done: Future[None]


class Spool:
    """Opened by one process at a time; survives its death at any moment.

    `append` may be called from any thread or loop. The object is a context manager: leaving it
    commits what waits and closes the file.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """SpoolError when another process holds the folder or it cannot be written."""
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock_file = _lock_folder(folder)
            self._path = folder / FILE_NAME
            with self._connect() as connection:
                make_table(connection)
                count, events, size = connection.execute(
                    "SELECT count(*), coalesce(sum(valid), 0),"
                    " coalesce(sum(length(body) + length(positions)"
                    f" + length(rejects) + {ROW_OVERHEAD_BYTES}), 0) FROM batches"
                ).fetchone()
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"the spool in {folder} cannot be opened: {error}") from error
        self._batches: int = count
        self._events: int = events
        self._bytes: int = size
        self._queue: queue.Queue[_Append | _Remove | None] = queue.Queue(MAX_WAITING)
        self._appended = threading.Event()
        self._writer = threading.Thread(target=self._write, name="spool", daemon=True)
        self._writer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.put(None)
        self._writer.join()
        os.close(self._lock_file)

    def append(self, batch: SpooledBatch) -> Future[None]:
        """Done when the batch is on disk; fails with UnavailableError when the disk refuses.

        UnavailableError at once when the spool is full.
        """
        with self._lock:
            if self._bytes + batch.size > self._max_bytes:
                raise UnavailableError("the spool is full: the stores are behind, try again later")
            self._bytes += batch.size
            self._events += batch.valid
            self._batches += 1
        done: Future[None] = Future()
        # A client that goes away cancels its wait, not the write that the writer will report on.
        done.set_running_or_notify_cancel()
        self._queue.put(_Append(batch, done))
        return done

    def remove(self, batches: list[SpooledBatch]) -> None:
        """Forget landed batches; returns when that is on disk."""
        done: Future[None] = Future()
        self._queue.put(_Remove(batches, done))
        done.result()

    def wait_for_batches(self, timeout_seconds: float) -> None:
        """Return when a batch was appended since the last call, or after the time."""
        self._appended.wait(timeout_seconds)
        self._appended.clear()

    def read(self, max_bytes: int, max_events: int) -> list[SpooledBatch]:
        """The oldest batches up to the bounds, but at least one if there is any."""
        return self.read_after(0, max_bytes, max_events)[0]

    def read_after(
        self, seq: int, max_bytes: int, max_events: int
    ) -> tuple[list[SpooledBatch], int]:
        """As `read`, of those behind place `seq`; and the place of the last one read."""
        block: list[SpooledBatch] = []
        size = events = 0
        with self._connect() as connection:
            rows = connection.execute(
                f"SELECT seq, {COLUMNS} FROM batches WHERE seq > ? ORDER BY seq", (seq,)
            )
            for place, *columns in rows:
                batch = SpooledBatch(*columns)
                size += batch.size
                events += batch.valid
                if block and (size > max_bytes or events > max_events):
                    break
                block.append(batch)
                seq = place
        return block, seq

    def depth(self) -> Depth:
        """Reads the disk: call it seldom."""
        with self._connect() as connection:
            (oldest,) = connection.execute(
                "SELECT ingested_at FROM batches ORDER BY seq LIMIT 1"
            ).fetchone() or (None,)
        with self._lock:
            return Depth(self._batches, self._events, self._bytes, oldest)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=30)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            yield connection
        finally:
            connection.close()

    def _write(self) -> None:
        with self._connect() as connection:
            while (group := self._next_group()) is not None:
                self._commit(connection, group)

    def _next_group(self) -> list[_Append | _Remove] | None:
        """Everything that waits, at least one; None at the end."""
        first = self._queue.get()
        if first is None:
            return None
        group = [first]
        while len(group) < MAX_GROUP:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                break
            if request is None:
                self._queue.put(None)
                break
            group.append(request)
        return group

    def _commit(self, connection: sqlite3.Connection, group: list[_Append | _Remove]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for request in group:
                _apply(connection, request)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            log.error("the spool cannot be written: %s", error)
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._fail(group, error)
            return
        for request in group:
            if isinstance(request, _Remove):
                self._forget(request.batches)
        self._appended.set()
        for request in group:
            request.done.set_result(None)

    def _fail(self, group: list[_Append | _Remove], error: sqlite3.Error) -> None:
        for request in group:
            if isinstance(request, _Append):
                self._forget([request.batch])
                request.done.set_exception(
                    UnavailableError(f"the spool cannot be written: {error}")
                )
            else:
                request.done.set_exception(error)

    def _forget(self, batches: list[SpooledBatch]) -> None:
        with self._lock:
            self._batches -= len(batches)
            self._events -= sum(batch.valid for batch in batches)
            self._bytes -= sum(batch.size for batch in batches)


def _apply(connection: sqlite3.Connection, request: _Append | _Remove) -> None:
    if isinstance(request, _Append):
        connection.execute(
            f"INSERT INTO batches ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            astuple(request.batch),
        )
    else:
        connection.executemany(
            "DELETE FROM batches WHERE batch_id = ?",
            [(batch.batch_id,) for batch in request.batches],
        )


def _lock_folder(folder: Path) -> int:
    """Held until the process ends, however it ends."""
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise SpoolError(
            f"another ingest uses the spool in {folder}: stop it or set HXI_INGEST_SPOOL_DIR"
        ) from error
    return descriptor
