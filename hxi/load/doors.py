"""Ingest's two doors as the loader uses them: one batch in, its id out, or why not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import grpc
import orjson
import urllib3
from gosight.ingest_pb2 import EventBatch, IngestResponse

from hxi.admin.endpoints import Endpoints
from hxi.load.errors import BatchRefusedError, KeyRefusedError, LoadError, NotNowError
from hxi.load.packets import MAX_BODY_BYTES, Packet
from ingest.decode.envelope import Malformed, parse_json
from ingest.errors import RefusalError

Door = Literal["grpc", "http"]
TIMEOUT_SECONDS = 30.0
KEY_HEADER = "x-gosight-key"
BACKFILL_HEADER = "x-gosight-backfill"
BATCH_ID_HEADER = "x-gosight-batch-id"
PUSHBACK_HEADER = "grpc-retry-pushback-ms"
# The connection is tried again at once: ingest restarts within a second.
CHANNEL_OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_send_message_length", MAX_BODY_BYTES),
    ("grpc.enable_retries", 0),  # the loader does it, and bounds it
]
REFUSED_CODES = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.FAILED_PRECONDITION,
)
KEY_CODES = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Ingest's answer to a batch that it keeps."""

    batch_id: str
    accepted: int
    rejected: int


class OpenDoor(Protocol):
    """Raises NotNowError, BatchRefusedError, KeyRefusedError or another LoadError; thread-safe."""

    def __call__(self, packet: Packet) -> Receipt: ...


@contextmanager
def opened(
    endpoints: Endpoints, key: str, *, backfill: bool, door: Door | None
) -> Iterator[OpenDoor]:
    """What sends each packet through `door`.

    By default JSON goes through HTTP and protobuf through gRPC, each as it is.
    """
    if not key:
        raise LoadError("no key: give one with --key or in HXI_PROJECT_KEY")
    headers = {KEY_HEADER: key} | ({BACKFILL_HEADER: "1"} if backfill else {})
    http = HttpDoor(_set(endpoints.ingest_url, "HXI_INGEST_URL"), headers)
    if door == "http":
        with http:
            yield http
        return
    is_tls = endpoints.ingest_url.startswith("https:")
    address = _set(endpoints.ingest_grpc, "HXI_INGEST_GRPC")
    with http, GrpcDoor(address, headers, is_tls=is_tls) as by_grpc:

        def send(packet: Packet) -> Receipt:
            if not packet.is_json:
                return by_grpc(packet)
            converted = as_protobuf(packet) if door == "grpc" else None
            return by_grpc(converted) if converted else http(packet)

        yield send


def _set(address: str, variable: str) -> str:
    if not address:
        raise LoadError(f"{variable} is not set: start a stack with `hxi up`, see `hxi env`")
    return address


def as_protobuf(packet: Packet) -> Packet | None:
    """The JSON packet as protobuf; None when something in it has no such form.

    Then it has to go as JSON, for ingest to refuse just that.
    """
    try:
        parsed = parse_json(packet.body)
    except RefusalError:
        return None
    events = [event for event in parsed.events if not isinstance(event, Malformed)]
    if len(events) < len(parsed.events):
        return None
    batch = EventBatch(events=events, sdk_version=parsed.sdk_version, sent_at=parsed.sent_at)
    return replace(packet, body=batch.SerializeToString(), is_json=False)


class HttpDoor:
    """POST /v1/events over kept connections."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url = f"{url.rstrip('/')}/v1/events"
        self._headers = headers
        self._pool = urllib3.PoolManager(
            maxsize=16, retries=False, timeout=urllib3.Timeout(TIMEOUT_SECONDS)
        )

    def __enter__(self) -> "HttpDoor":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.clear()

    def __call__(self, packet: Packet) -> Receipt:
        """See `OpenDoor`."""
        _require_size(packet)
        kind = "application/json" if packet.is_json else "application/x-protobuf"
        headers = {**self._headers, "content-type": kind, "accept": "application/json"}
        try:
            answer = self._pool.request("POST", self._url, body=packet.body, headers=headers)
        except urllib3.exceptions.LocationValueError as error:
            raise LoadError(f"HXI_INGEST_URL is no HTTP address: {error}") from error
        except urllib3.exceptions.NewConnectionError as error:
            raise NotNowError("no connection to ingest") from error
        except urllib3.exceptions.HTTPError as error:
            raise NotNowError("the connection to ingest broke", may_be_kept=True) from error
        if answer.status == 200:
            return _receipt(answer.headers.get(BATCH_ID_HEADER, ""), _response(answer))
        raise self._refusal(answer.status, answer)

    def _refusal(self, status: int, answer: urllib3.BaseHTTPResponse) -> Exception:
        reason = _response(answer).error or f"HTTP {status}"
        if status in (401, 403):
            return KeyRefusedError(f"ingest refuses the key: {reason}")
        if status in (400, 413, 415, 422):
            return BatchRefusedError(reason)
        if status == 429 or status >= 500:
            retry_after = answer.headers.get("retry-after", "")
            return NotNowError(reason, float(retry_after) if retry_after.isdecimal() else 0.0)
        return LoadError(f"{self._url} answers {reason}: is HXI_INGEST_URL an ingest service?")


def _response(answer: urllib3.BaseHTTPResponse) -> IngestResponse:
    """Empty when the body is none of ours, as a proxy's is."""
    try:
        body = orjson.loads(answer.data)
        counts = [int(body.get(name) or 0) for name in ("eventsAccepted", "eventsRejected")]
    except (ValueError, AttributeError, TypeError):
        return IngestResponse()
    return IngestResponse(
        error=body.get("error"), events_accepted=counts[0], events_rejected=counts[1]
    )


class GrpcDoor:
    """SendBatch over one channel, in TLS where the HTTP door's address is."""

    def __init__(self, address: str, headers: dict[str, str], *, is_tls: bool = False) -> None:
        self._metadata = tuple(headers.items())
        self._channel = (
            grpc.secure_channel(address, _credentials(), options=CHANNEL_OPTIONS)
            if is_tls
            else grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        )
        self._send = self._channel.unary_unary(
            "/gosight.IngestService/SendBatch",
            request_serializer=None,  # bodies are serialised already, some on purpose not well
            response_deserializer=IngestResponse.FromString,
        )

    def __enter__(self) -> "GrpcDoor":
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def __call__(self, packet: Packet) -> Receipt:
        """See `OpenDoor`."""
        _require_size(packet)
        try:
            response, call = self._send.with_call(
                packet.body, metadata=self._metadata, timeout=TIMEOUT_SECONDS
            )
        except grpc.RpcError as error:
            raise _grpc_refusal(error) from error
        trailers = dict(call.trailing_metadata() or ())
        return _receipt(str(trailers.get(BATCH_ID_HEADER, "")), response)


def _credentials() -> grpc.ChannelCredentials:
    """By the roots that Python trusts too: SSL_CERT_FILE, else gRPC's own."""
    roots = os.environ.get("SSL_CERT_FILE", "")
    return grpc.ssl_channel_credentials(Path(roots).read_bytes() if roots else None)


def _grpc_refusal(error: grpc.RpcError) -> Exception:
    code, reason = error.code(), str(error.details() or "")
    if code in KEY_CODES:
        return KeyRefusedError(f"ingest refuses the key: {reason}")
    if code in REFUSED_CODES:
        return BatchRefusedError(reason)
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return LoadError(f"HXI_INGEST_GRPC is no ingest service: {reason}")
    trailers = dict(error.trailing_metadata() or ())
    pushback = str(trailers.get(PUSHBACK_HEADER, ""))
    retry_after = int(pushback) / 1000 if pushback.isdecimal() else 0.0
    # Only without a word of ingest's own may the batch be kept there.
    was_sent = not pushback and "failed to connect" not in reason
    return NotNowError(f"{code.name}: {reason}", retry_after, may_be_kept=was_sent)


def _require_size(packet: Packet) -> None:
    """gRPC's own answer to a larger one asks to try again."""
    if len(packet.body) > MAX_BODY_BYTES:
        raise BatchRefusedError(f"{len(packet.body)} bytes, ingest takes {MAX_BODY_BYTES}")


def _receipt(batch_id: str, response: IngestResponse) -> Receipt:
    if not batch_id:
        raise LoadError("the answer names no batch: is this address an ingest service?")
    return Receipt(batch_id, response.events_accepted, response.events_rejected)
