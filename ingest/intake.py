"""The one way in behind both doors: a body becomes a durable batch and an answer, or a refusal."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import orjson
from gosight.ingest_pb2 import IngestResponse

from ingest import rejects
from ingest.admission.admission import Admission
from ingest.admission.keys import ApiKey
from ingest.clock import now_ms
from ingest.decode.checks import YEAR_1990_MS, YEAR_2100_MS
from ingest.decode.clock import Clocks
from ingest.decode.envelope import Envelope
from ingest.errors import RefusalError, UnavailableError
from ingest.geo.locating import NOBODY, Client, Locator
from ingest.judging import body_of, judge, positions_of
from ingest.privacy.policy import policy_of
from ingest.realtime.facts import Facts, facts_of
from ingest.realtime.writer import Batch, RealTime
from ingest.settings import MIB
from ingest.spool import Spool
from ingest.spooled import SpooledBatch
from ingest.watching import traces
from ingest.watching.logs import REQUEST_ID
from ingest.watching.metrics import Metrics
from ingest.watching.traces import TRACES

if TYPE_CHECKING:
    from opentelemetry.trace import Span

# Bodies of all requests that are being answered; beyond it clients are told to come back.
MAX_HELD_BYTES = 256 * MIB
SDK_VERSION_CHARACTERS = 100
# Decoding holds the interpreter's lock, so more threads would not decode more.
DECODE_THREADS = 2
# Decoded within the loop up to this size: it takes less than 1 ms, and a thread's turn costs more.
INLINE_BYTES = 32 * 1024

TRACE_PARENT = "traceparent"

log = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch as a door got it.

    `read` makes the envelope or raises a RefusalError; `size` tells about how long that takes;
    `key` counts when the batch itself names none. Backfill lifts the age limit of events.
    `page_host` is what a browser says of the page that sends; None: no browser. `client` is who
    sends.
    """

    door: str
    read: Callable[[], Envelope]
    size: int
    key: str
    is_backfill: bool
    page_host: str | None = None
    client: Client = NOBODY


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a batch: `response` goes to the client once `durable` is done."""

    batch_id: str
    response: IngestResponse
    durable: Future[None]


@dataclass(frozen=True, slots=True)
class _Checked:
    """A batch to keep; `refused` are its events by reason, `facts` those for real time."""

    batch: SpooledBatch
    response: IngestResponse
    refused: Mapping[str, int]
    facts: Facts | None


@dataclass(frozen=True, slots=True)
class _Request:
    """What of a request is still told when its batch is on disk; `started` by perf_counter."""

    request_id: str
    started: float
    span: "Span | None"


class Intake:
    """Shared by both doors. The spool is the caller's, who closes it after the doors."""

    def __init__(
        self,
        admission: Admission,
        spool: Spool,
        clock: Callable[[], int] = now_ms,
        realtime: RealTime | None = None,
        locator: Locator | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.metrics = metrics or Metrics()
        self._locator = locator or Locator(None)
        self._admission = admission
        self._spool = spool
        self._realtime = realtime or RealTime("")
        self._clock = clock
        self._clocks = Clocks()
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

    async def key(self, key: str, permission: str) -> ApiKey:
        """The row of a key that asks; UnauthenticatedError, UnavailableError."""
        return await self._admission.row_of(key, permission)

    async def take(self, sent: Sent) -> Answer:
        """The answer to a batch that is safe on disk; RefusalError when nothing of it was kept."""
        answer = await self.put(sent)
        await asyncio.wrap_future(answer.durable)
        return answer

    async def put(self, sent: Sent) -> Answer:
        """As `take`, but without waiting for the disk: that is the caller's task."""
        request = _Request(REQUEST_ID.get(), time.perf_counter(), _span(sent))
        try:
            envelope = await self._run(sent.size, sent.read)
            key = await self._admission.admit(envelope.project_key or sent.key, sent.page_host)
            checked = await self._run(sent.size, self._check, sent, envelope, key)
            durable = self._spool.append(checked.batch)
        except RefusalError as refusal:
            traces.fail(request.span, refusal)
            raise
        durable.add_done_callback(partial(self._kept, checked, request))
        return Answer(checked.batch.batch_id, checked.response, durable)

    def _kept(self, checked: _Checked, request: _Request, durable: Future[None]) -> None:
        """Called when the batch is on disk, or is not to be."""
        error = None if durable.cancelled() else durable.exception()
        if isinstance(error, Exception):
            traces.fail(request.span, error)
        if durable.cancelled() or error is not None:
            return
        batch = checked.batch
        ids = {"batch_id": batch.batch_id, "request_id": request.request_id}
        events = {"events": batch.valid, "rejected": checked.response.events_rejected}
        if log.isEnabledFor(logging.DEBUG):
            known = {**ids, **events, "project_id": batch.project_id}
            log.debug("kept batch %s of request %s", *ids.values(), extra=known)
        traces.finish(request.span, {**ids, **events})
        seconds = time.perf_counter() - request.started
        self.metrics.kept(batch.door, batch.valid, batch.filtered, checked.refused, seconds)
        if checked.facts is not None:
            self._realtime.add(Batch(batch.project_id, checked.facts, batch.ingested_at))

    def refused(self, refusal: RefusalError) -> None:
        """A door refuses a batch."""
        log.debug("refused request %s: %s", REQUEST_ID.get(), refusal)
        self.metrics.refused(refusal)

    def close(self) -> None:
        """After the doors: nothing is taken any more."""
        self._pool.shutdown()

    async def _run(self, size: int, work: Callable[..., Result], *values: Any) -> Result:
        """Long work in a thread, so that short requests are answered in between."""
        if size <= INLINE_BYTES:
            return work(*values)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *values)

    def _check(self, sent: Sent, envelope: Envelope, key: ApiKey) -> _Checked:
        now = self._clock()
        sent_at = _plausible(envelope.sent_at)
        session_id = envelope.events[0].session_id if envelope.events else ""
        tells_clock = not sent.is_backfill
        skew = self._clocks.skew(key.project_id, session_id, sent_at, now) if tells_clock else 0
        policy = policy_of(key.settings)
        judged = judge(envelope, now, skew, policy, is_backfill=sent.is_backfill)
        # A backfill comes from who loads it, not from who was there.
        client = NOBODY if sent.is_backfill else sent.client
        geo = self._locator.locate(client, anonymise=policy.anonymizes_ip)
        # Of a browser; a server's own says nothing of who was there.
        agent = client.header("user-agent") if sent.page_host is not None else ""
        batch = SpooledBatch(
            batch_id=str(uuid4()),
            project_id=key.project_id,
            door=sent.door,
            sdk_version=rejects.clean(envelope.sdk_version)[:SDK_VERSION_CHARACTERS],
            sent_at=sent_at,
            ingested_at=now,
            received=judged.received,
            valid=len(judged.events),
            filtered=judged.filtered,
            body=body_of(envelope, judged, skew, geo, agent),
            positions=positions_of(judged),
            rejects=rejects.dump(judged.refused),
            privacy=orjson.dumps(judged.privacy) if judged.privacy else b"",
        )
        response = IngestResponse(
            success=True,
            error=judged.refused[0].reason.value if judged.refused else None,
            events_accepted=batch.valid,
            events_rejected=len(judged.refused),
        )
        facts = facts_of(judged.events, now) if self._realtime.is_on else None
        return _Checked(batch, response, rejects.count_by_reason(judged.refused), facts)


def _span(sent: Sent) -> "Span | None":
    return TRACES.begin(f"ingest {sent.door}", sent.client.header(TRACE_PARENT))


def _plausible(sent_at: int) -> int:
    """0 for a time that no store could keep."""
    return sent_at if YEAR_1990_MS <= sent_at < YEAR_2100_MS else 0
