"""The gRPC door: gosight.IngestService, an EventBatch a call or a stream of them."""

import asyncio
import math
import urllib.parse
from collections import deque
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from gosight.ingest_pb2 import DESCRIPTOR, IngestResponse

from ingest.decode.body import MAX_BODY_BYTES
from ingest.decode.envelope import parse_protobuf
from ingest.doors.tls import Certificate
from ingest.errors import RateLimitedError, RefusalError, UnavailableError, status_of
from ingest.geo.locating import Client
from ingest.intake import TRACE_PARENT, Answer, Intake, Sent
from ingest.watching.logs import begin_request

DOOR = "grpc"
KEY = "x-gosight-key"
BACKFILL = "x-gosight-backfill"
BATCH_ID = "x-gosight-batch-id"
FORWARDED_FOR = "x-forwarded-for"
REQUEST_ID = "x-request-id"
# Of a call's metadata, what counts behind the door.
OF_CLIENT = (FORWARDED_FOR, TRACE_PARENT)
# How many batches of a stream were kept: all before the refused one.
BATCHES = "x-gosight-batches"
# Named in a stream's trailing metadata, which clients limit to 8 KiB: its last ones.
MAX_BATCH_IDS = 50
# Batches of one stream that wait for the disk while the next ones are decoded.
STREAM_WINDOW = 8
PUSHBACK = "grpc-retry-pushback-ms"  # gRPC's own name for "not before"
DETAILS = "grpc-status-details-bin"  # and for a google.rpc.Status

OPTIONS = (
    # Above 5 MiB we refuse in our own words; what gRPC refuses itself, clients retry for ever.
    ("grpc.max_receive_message_length", MAX_BODY_BYTES),
    # Two ingests on one port would share the clients between them, unnoticed.
    ("grpc.so_reuseport", 0),
)

Context = Any  # grpc.aio.ServicerContext: grpc brings no types
Metadata = tuple[tuple[str, str | bytes], ...]


class GrpcDoor:
    """Messages stay bytes until the intake: a bad event must not cost its batch."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def send_batch(self, body: bytes, context: Context) -> IngestResponse:
        """SendBatch."""
        headers = _headers(context)
        try:
            with self._intake.hold() as hold:
                hold(len(body))
                answer = await self._intake.take(_sent(body, headers, _peer(context)))
        except RefusalError as refusal:
            self._intake.refused(refusal)
            await _abort(context, refusal, ())
        context.set_trailing_metadata(((BATCH_ID, answer.batch_id),))
        return answer.response

    async def send_events(self, bodies: AsyncIterator[bytes], context: Context) -> IngestResponse:
        """SendEvents: answered when the client has closed its side and all is on disk."""
        headers, peer = _headers(context), _peer(context)
        kept = _Sum()
        waiting: deque[Answer] = deque()
        try:
            try:
                async for body in bodies:
                    with self._intake.hold() as hold:
                        hold(len(body))
                        waiting.append(await self._intake.put(_sent(body, headers, peer)))
                    if len(waiting) >= STREAM_WINDOW:
                        await kept.add(waiting.popleft())
            finally:  # what came before a refused batch stays, and the client is told so
                while waiting:
                    await kept.add(waiting.popleft())
        except RefusalError as refusal:
            self._intake.refused(refusal)
            await _abort(context, refusal, kept.metadata())
        context.set_trailing_metadata(kept.metadata())
        return kept.response


class _Sum:
    """The answer of a stream so far."""

    def __init__(self) -> None:
        self.response = IngestResponse(success=True)
        self._batches = 0
        self._last_ids: deque[str] = deque(maxlen=MAX_BATCH_IDS)

    async def add(self, answer: Answer) -> None:
        await asyncio.wrap_future(answer.durable)
        self.response.events_accepted += answer.response.events_accepted
        self.response.events_rejected += answer.response.events_rejected
        if answer.response.error and not self.response.error:
            self.response.error = answer.response.error
        self._batches += 1
        self._last_ids.append(answer.batch_id)

    def metadata(self) -> Metadata:
        ids = ((BATCH_ID, batch_id) for batch_id in self._last_ids)
        return (*ids, (BATCHES, str(self._batches)))


async def start(
    intake: Intake, host: str, port: int, certificate: Certificate | None = None
) -> tuple[grpc.aio.Server, int]:
    """The running server and its port; OSError when the address cannot be had."""
    server = grpc.aio.server(options=OPTIONS)
    door = GrpcDoor(intake)
    serialise = IngestResponse.SerializeToString
    handlers = {
        "SendBatch": grpc.unary_unary_rpc_method_handler(
            door.send_batch, response_serializer=serialise
        ),
        "SendEvents": grpc.stream_unary_rpc_method_handler(
            door.send_events, response_serializer=serialise
        ),
    }
    service = DESCRIPTOR.services_by_name["IngestService"].full_name
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    bound: int = (
        server.add_secure_port(address, certificate.for_grpc())
        if certificate
        else server.add_insecure_port(address)
    )
    await server.start()
    return server, bound


def _headers(context: Context) -> dict[str, str]:
    """Of a call that begins; its log lines have its id from here on."""
    found = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
    begin_request(found.get(REQUEST_ID, ""))
    return found


def _peer(context: Context) -> str:
    """The address without its family and port, which gRPC writes as ipv4:127.0.0.1:4711."""
    peer: str = urllib.parse.unquote(context.peer())
    return peer.partition(":")[2].rpartition(":")[0]


def _sent(body: bytes, headers: dict[str, str], peer: str) -> Sent:
    return Sent(
        door=DOOR,
        read=partial(parse_protobuf, body),
        size=len(body),
        key=headers.get(KEY, ""),
        is_backfill=headers.get(BACKFILL) == "1",
        client=Client(peer, {name: headers.get(name, "") for name in OF_CLIENT}),
    )


async def _abort(context: Context, refusal: RefusalError, metadata: Metadata) -> NoReturn:
    if isinstance(refusal, UnavailableError):
        pushback = str(refusal.retry_after_seconds * 1000)
        metadata = (*metadata, (PUSHBACK, pushback))
    if isinstance(refusal, RateLimitedError):
        pushback = str(math.ceil(refusal.wait_seconds * 1000))
        metadata = (*metadata, (PUSHBACK, pushback), (DETAILS, _retry_info(refusal)))
    code = grpc.StatusCode[status_of(refusal).grpc]
    await context.abort(code, str(refusal), metadata)
    raise AssertionError("abort raises")


def _retry_info(refusal: RateLimitedError) -> bytes:
    """When to come back, as google.rpc has it."""
    info = RetryInfo()
    info.retry_delay.FromMilliseconds(math.ceil(refusal.wait_seconds * 1000))
    detail = AnyMessage()
    detail.Pack(info)
    code, _ = grpc.StatusCode.RESOURCE_EXHAUSTED.value
    status = Status(code=code, message=str(refusal), details=[detail])
    return bytes(status.SerializeToString())
