"""The one way in behind both doors: a body becomes a durable batch and an answer, or a refusal."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import orjson
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch, IngestResponse

from ingest import rejects
from ingest.admission import Admission
from ingest.decode import clock
from ingest.decode.checks import YEAR_1990_MS, YEAR_2100_MS, fault_of
from ingest.decode.envelope import MAX_BATCH_BYTES, Envelope, Malformed
from ingest.errors import UnavailableError
from ingest.realtime.facts import Facts, facts_of
from ingest.realtime.writer import Batch, RealTime
from ingest.rejects import Reason, Reject
from ingest.settings import MIB
from ingest.spool import Spool, SpooledBatch, now_ms

MAX_BODY_BYTES = 16 * MIB
# Bodies of all requests that are being answered; beyond it clients are told to come back.
MAX_HELD_BYTES = 256 * MIB
# Raw bytes kept of all rejects of a batch together: JSON escapes may make them longer than sent.
MAX_REJECTED_BYTES = MAX_BATCH_BYTES
SDK_VERSION_CHARACTERS = 100
# Decoding holds the interpreter's lock, so more threads would not decode more.
DECODE_THREADS = 2
# Decoded within the loop up to this size: it takes less than 1 ms, and a thread's turn costs more.
INLINE_BYTES = 32 * 1024

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch as a door got it.

    `read` makes the envelope or raises a RefusalError; `size` tells about how long that takes;
    `key` counts when the batch itself names none. Backfill lifts the age limit of events.
    `page_host` is what a browser says of the page that sends; None: no browser.
    """

    door: str
    read: Callable[[], Envelope]
    size: int
    key: str
    is_backfill: bool
    page_host: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a batch: `response` goes to the client once `durable` is done."""

    batch_id: str
    response: IngestResponse
    durable: Future[None]


class Intake:
    """Shared by both doors. The spool is the caller's, who closes it after the doors."""

    def __init__(
        self,
        admission: Admission,
        spool: Spool,
        clock: Callable[[], int] = now_ms,
        realtime: RealTime | None = None,
    ) -> None:
        self._admission = admission
        self._spool = spool
        self._realtime = realtime or RealTime("")
        self._clock = clock
        self._pool = ThreadPoolExecutor(DECODE_THREADS, thread_name_prefix="decode")
        self._held_bytes = 0

    @contextmanager
    def hold(self) -> Iterator[Callable[[int], None]]:
        """Counts the bytes of one request's body while it is in memory.

        What it yields is called with each part's size; UnavailableError when memory is short.
        """
        held = 0

        def add(size: int) -> None:
            nonlocal held
            if self._held_bytes + size > MAX_HELD_BYTES:
                raise UnavailableError("too many requests at once, try again later")
            held += size
            self._held_bytes += size

        try:
            yield add
        finally:
            self._held_bytes -= held

    async def take(self, sent: Sent) -> Answer:
        """The answer to a batch that is safe on disk; RefusalError when nothing of it was kept."""
        answer = await self.put(sent)
        await asyncio.wrap_future(answer.durable)
        return answer

    async def put(self, sent: Sent) -> Answer:
        """As `take`, but without waiting for the disk: that is the caller's task."""
        envelope = await self._run(sent.size, sent.read)
        key = envelope.project_key or sent.key
        project_id = await self._admission.project_of(key, sent.page_host)
        batch, response, facts = await self._run(sent.size, self._check, sent, envelope, project_id)
        durable = self._spool.append(batch)
        if facts is not None:
            live = Batch(project_id, facts, batch.ingested_at)
            durable.add_done_callback(partial(self._tell, live))
        return Answer(batch.batch_id, response, durable)

    def _tell(self, batch: Batch, durable: Future[None]) -> None:
        if not durable.cancelled() and durable.exception() is None:
            self._realtime.add(batch)

    def close(self) -> None:
        """After the doors: nothing is taken any more."""
        self._pool.shutdown()

    async def _run(self, size: int, work: Callable[..., Result], *values: Any) -> Result:
        """Long work in a thread, so that short requests are answered in between."""
        if size <= INLINE_BYTES:
            return work(*values)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *values)

    def _check(
        self, sent: Sent, envelope: Envelope, project_id: str
    ) -> tuple[SpooledBatch, IngestResponse, Facts | None]:
        now = self._clock()
        sent_at = _plausible(envelope.sent_at)
        skew = 0 if sent.is_backfill else clock.skew_of(sent_at, now)
        refused = _rejects(envelope, now, skew, is_backfill=sent.is_backfill)
        received = len(envelope.events)
        batch = SpooledBatch(
            batch_id=str(uuid4()),
            project_id=project_id,
            door=sent.door,
            sdk_version=rejects.clean(envelope.sdk_version)[:SDK_VERSION_CHARACTERS],
            sent_at=sent_at,
            ingested_at=now,
            received=received,
            valid=received - len(refused),
            filtered=0,
            body=_body(envelope, refused, skew),
            positions=_positions(received, refused),
            rejects=rejects.dump(refused),
        )
        response = IngestResponse(
            success=True,
            error=refused[0].reason.value if refused else None,
            events_accepted=batch.valid,
            events_rejected=len(refused),
        )
        facts = facts_of(_valid(envelope, refused), now) if self._realtime.is_on else None
        return batch, response, facts


def _rejects(envelope: Envelope, now: int, skew: int, *, is_backfill: bool) -> list[Reject]:
    """Events are moved by the skew before they are judged, and kept as sent if refused."""
    found: list[Reject] = []
    left = MAX_REJECTED_BYTES
    for position, event in enumerate(envelope.events):
        if isinstance(event, Malformed):
            fault = (Reason.MALFORMED_EVENT, event.detail)
        else:
            clock.move(event, skew)
            found_fault = fault_of(event, now, backfill=is_backfill)
            if found_fault is None:
                continue
            fault = found_fault
            clock.move(event, -skew)
        ids = (event.event_id, event.session_id)
        one = rejects.reject(position, ids, *fault, envelope.raw(position)[:left])
        left -= len(one.raw)
        found.append(one)
    return found


def _body(envelope: Envelope, refused: list[Reject], skew: int) -> bytes:
    """The valid events alone, as an EventBatch without the key."""
    batch = envelope.batch
    if batch is not None and not refused:
        batch.ClearField("project_key")
        batch.clock_skew_ms = skew
        return batch.SerializeToString()
    events = _valid(envelope, refused)
    return EventBatch(events=events, clock_skew_ms=skew).SerializeToString()


def _valid(envelope: Envelope, refused: list[Reject]) -> Iterator[Event]:
    bad = {one.position for one in refused}
    for position, event in enumerate(envelope.events):
        if position not in bad and isinstance(event, Event):
            yield event


def _positions(received: int, refused: list[Reject]) -> bytes:
    if not refused:
        return b""
    bad = {one.position for one in refused}
    return orjson.dumps([position for position in range(received) if position not in bad])


def _plausible(sent_at: int) -> int:
    """0 for a time that no store could keep."""
    return sent_at if YEAR_1990_MS <= sent_at < YEAR_2100_MS else 0
