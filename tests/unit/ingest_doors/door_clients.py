"""One manner of sending through every way in, so that the same test runs through all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import grpc
import httpx
from google.protobuf.json_format import MessageToJson, Parse
from gosight.ingest_pb2 import EventBatch, IngestResponse

HTTP_OF_GRPC = {
    "OK": {200},
    "UNAUTHENTICATED": {401},
    "INVALID_ARGUMENT": {400, 413, 415},
    "UNAVAILABLE": {503},
}


@dataclass(frozen=True)
class Outcome:
    """`code` is gRPC's name at both doors; `status` is HTTP's and 0 at the gRPC door."""

    code: str
    status: int
    response: IngestResponse
    error: str
    batch_ids: list[str]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> tuple[int, int]:
        return self.response.events_accepted, self.response.events_rejected


class Door(Protocol):
    """A way in."""

    name: str
    malformed: bytes

    def send(self, batch: EventBatch, key: str = "", *, backfill: bool = False) -> Outcome: ...

    def send_bytes(self, body: bytes, key: str = "", *, backfill: bool = False) -> Outcome: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class GrpcDoorClient:
    """SendBatch, or SendEvents with a stream of one."""

    malformed = b"\xff\xff\xff"

    def __init__(self, address: str, *, stream: bool) -> None:
        self.name = "grpc"
        self._stream = stream
        self._channel = grpc.insecure_channel(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def send(self, batch: EventBatch, key: str = "", *, backfill: bool = False) -> Outcome:
        return self.send_bytes(batch.SerializeToString(), key, backfill=backfill)

    def send_bytes(self, body: bytes, key: str = "", *, backfill: bool = False) -> Outcome:
        if self._stream:
            return self.send_stream([body], key, backfill=backfill)
        call = self._channel.unary_unary("/gosight.IngestService/SendBatch")
        return _outcome(call, body, key, backfill=backfill)

    def send_stream(
        self, bodies: Sequence[bytes], key: str = "", *, backfill: bool = False
    ) -> Outcome:
        call = self._channel.stream_unary("/gosight.IngestService/SendEvents")
        return _outcome(call, iter(bodies), key, backfill=backfill)


def _outcome(call: Any, request: Any, key: str, *, backfill: bool) -> Outcome:
    metadata = [("x-gosight-key", key)] if key else []
    if backfill:
        metadata.append(("x-gosight-backfill", "1"))
    try:
        answer, done = call.with_call(request, metadata=metadata, timeout=60)
        response, error = IngestResponse.FromString(answer), ""
    except grpc.RpcError as failure:
        done, response, error = failure, IngestResponse(), failure.details()
    trailing = [(one.key, one.value) for one in done.trailing_metadata() or ()]
    ids = [value for name, value in trailing if name == "x-gosight-batch-id"]
    return Outcome(done.code().name, 0, response, error, ids, dict(trailing))


class HttpDoorClient:
    """POST /v1/events as protobuf or as protobuf-JSON; answers are always asked for as JSON."""

    def __init__(self, url: str, *, as_json: bool) -> None:
        self.name = "http"
        self.malformed = b'{"events": [' if as_json else b"\xff\xff\xff"
        self._as_json = as_json
        self._client = httpx.Client(base_url=url, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, batch: EventBatch, key: str = "", *, backfill: bool = False) -> Outcome:
        body = MessageToJson(batch).encode() if self._as_json else batch.SerializeToString()
        return self.send_bytes(body, key, backfill=backfill)

    def send_bytes(self, body: bytes, key: str = "", *, backfill: bool = False) -> Outcome:
        form = "application/json" if self._as_json else "application/x-protobuf"
        headers = {"Content-Type": form, **({"X-GoSight-Key": key} if key else {})}
        if backfill:
            headers["X-GoSight-Backfill"] = "1"
        return http_outcome(self._client.post("/v1/events", content=body, headers=headers))


def http_outcome(answer: httpx.Response) -> Outcome:
    """Of an answer in protobuf-JSON."""
    response = Parse(answer.text, IngestResponse())
    code = next(name for name, codes in HTTP_OF_GRPC.items() if answer.status_code in codes)
    ids = answer.headers.get_list("x-gosight-batch-id")
    error = "" if code == "OK" else response.error
    return Outcome(code, answer.status_code, response, error, ids, dict(answer.headers))


# The ways in by name, for a parametrised fixture.
WAYS = ("grpc_batch", "grpc_stream", "http_protobuf", "http_json")


def open_way(name: str, http_url: str, grpc_address: str) -> Door:
    if name.startswith("grpc"):
        return GrpcDoorClient(grpc_address, stream=name == "grpc_stream")
    return HttpDoorClient(http_url, as_json=name == "http_json")
