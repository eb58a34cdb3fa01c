"""What each door's answers mean to the loader: taken, later, never, wrong key, no ingest at all."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import orjson
import pytest
from gosight.ingest_pb2 import EventBatch, IngestResponse

from hxi.admin.endpoints import Endpoints
from hxi.load.doors import Door, OpenDoor, Receipt, opened
from hxi.load.errors import BatchRefusedError, KeyRefusedError, LoadError, NotNowError
from hxi.load.packets import MAX_BODY_BYTES, Packet

JSON = Packet(b'{"events":[{"eventId":"a"}]}', is_json=True, events=1, origin="line 1")
PROTOBUF = Packet(EventBatch(sent_at=1).SerializeToString(), is_json=False, events=0, origin="one")
# The same answer in both doors' words.
ANSWERS = {
    "ok": (200, None),
    "key": (401, grpc.StatusCode.UNAUTHENTICATED),
    "refused": (400, grpc.StatusCode.INVALID_ARGUMENT),
    "too large": (413, grpc.StatusCode.INVALID_ARGUMENT),
    "full": (503, grpc.StatusCode.UNAVAILABLE),
    "limited": (429, grpc.StatusCode.RESOURCE_EXHAUSTED),
    "broken": (500, grpc.StatusCode.INTERNAL),
    "elsewhere": (404, grpc.StatusCode.UNIMPLEMENTED),
    "silence": (200, None),
}


@dataclass
class Ingest:
    """Both doors of a service that gives the answer it is told to and notes what it was sent."""

    http: str = ""
    grpc: str = ""
    answer: str = "ok"
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints("c", "m", "p", "", self.http, self.grpc, "id", "gs_own")


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    double = Ingest()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            double.seen.append((f"http {self.path}", headers, body))
            if double.answer == "silence":
                self.close_connection = True
                return
            status, text = ANSWERS[double.answer][0], b"<html>"
            if double.answer != "elsewhere":
                text = orjson.dumps({"eventsAccepted": 2, "eventsRejected": 1, "error": "why"})
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.send_header("X-GoSight-Batch-Id", "b-http")
            self.send_header("Retry-After", "5")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    def send_batch(body: bytes, context: grpc.ServicerContext) -> IngestResponse:
        double.seen.append(("grpc", dict(context.invocation_metadata()), body))
        if double.answer == "silence":
            server.stop(None)
            time.sleep(0.5)
        code = ANSWERS[double.answer][1]
        if code is not None:
            if code is grpc.StatusCode.UNAVAILABLE:
                context.set_trailing_metadata((("grpc-retry-pushback-ms", "5000"),))
            context.abort(code, "why")
        context.set_trailing_metadata((("x-gosight-batch-id", "b-grpc"),))
        return IngestResponse(success=True, events_accepted=2, events_rejected=1)

    handler = grpc.unary_unary_rpc_method_handler(
        send_batch, response_serializer=IngestResponse.SerializeToString
    )
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web,
        ThreadPoolExecutor(2) as threads,
    ):
        thread = threading.Thread(target=web.serve_forever, args=(0.01,))
        thread.start()
        server = grpc.server(threads)
        service = grpc.method_handlers_generic_handler(
            "gosight.IngestService", {"SendBatch": handler}
        )
        server.add_generic_rpc_handlers((service,))
        double.http = f"http://127.0.0.1:{web.server_port}"
        double.grpc = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        yield double
        server.stop(None).wait()
        web.shutdown()
        thread.join()


@pytest.fixture(params=["http", "grpc"])
def door(request: pytest.FixtureRequest, ingest: Ingest) -> Iterator[OpenDoor]:
    chosen: Door = "http" if request.param == "http" else "grpc"
    with opened(ingest.endpoints, "gs_key", backfill=True, door=chosen) as send:
        yield send


def test_a_batch_that_is_taken_is_known_by_its_id(ingest: Ingest, door: OpenDoor) -> None:
    receipt = door(PROTOBUF)
    way, headers, body = ingest.seen[0]
    assert receipt == Receipt("b-" + way[:4], 2, 1)
    assert body == PROTOBUF.body
    assert (headers["x-gosight-key"], headers["x-gosight-backfill"]) == ("gs_key", "1")


def test_backfill_is_not_claimed_unasked(ingest: Ingest) -> None:
    with opened(ingest.endpoints, "gs_key", backfill=False, door=None) as send:
        send(PROTOBUF)
        send(JSON)
    assert len(ingest.seen) == 2
    assert all("x-gosight-backfill" not in headers for _, headers, _ in ingest.seen)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("key", KeyRefusedError),
        ("refused", BatchRefusedError),
        ("too large", BatchRefusedError),
        ("full", NotNowError),
        ("limited", NotNowError),
        ("broken", NotNowError),
        ("elsewhere", LoadError),
    ],
)
def test_both_doors_refuse_alike(
    ingest: Ingest, door: OpenDoor, answer: str, error: type[Exception]
) -> None:
    ingest.answer = answer
    with pytest.raises(error, match=r"HTTP 404|why") as told:
        door(PROTOBUF)
    assert "\n" not in str(told.value)


def test_a_full_spool_kept_nothing_and_says_when_to_come_back(
    ingest: Ingest, door: OpenDoor
) -> None:
    ingest.answer = "full"
    with pytest.raises(NotNowError) as told:
        door(PROTOBUF)
    assert (told.value.retry_after, told.value.may_be_kept) == (5.0, False)


def test_a_connection_that_breaks_before_the_answer_may_have_left_the_batch_there(
    ingest: Ingest, door: OpenDoor
) -> None:
    ingest.answer = "silence"
    with pytest.raises(NotNowError) as told:
        door(PROTOBUF)
    assert told.value.may_be_kept
    assert len(ingest.seen) == 1


def test_nobody_listening_means_later(ingest: Ingest, door: OpenDoor) -> None:
    nobody = Endpoints("c", "m", "p", "", "http://127.0.0.1:9", "127.0.0.1:9", "id", "k")
    chosen: tuple[Door, ...] = ("http", "grpc")
    for one in chosen:
        with (
            opened(nobody, "gs_key", backfill=False, door=one) as send,
            pytest.raises(NotNowError) as told,
        ):
            send(PROTOBUF)
        assert not told.value.may_be_kept


def test_a_body_no_door_reads_is_refused_here(door: OpenDoor) -> None:
    with pytest.raises(BatchRefusedError, match="ingest takes 16777216"):
        door(replace(PROTOBUF, body=bytes(MAX_BODY_BYTES + 1)))


def test_json_goes_through_http_and_protobuf_through_grpc(ingest: Ingest) -> None:
    with opened(ingest.endpoints, "gs_key", backfill=False, door=None) as send:
        assert send(JSON).batch_id == "b-http"
        assert send(PROTOBUF).batch_id == "b-grpc"
    (way, headers, body), _ = ingest.seen
    assert (way, headers["content-type"]) == ("http /v1/events", "application/json")
    assert body == JSON.body


@pytest.mark.parametrize(
    ("body", "way"),
    [
        (b'{"events":[{"eventId":"a"},{"eventType":"NEW"}],"sentAt":"3"}', "grpc"),
        (b'{"events":[{"eventId":"a"},{"eventId":5}]}', "http"),
        (b'{"events":[{"eventId":"a"},NaN]}', "http"),
        (b'{"events":5}', "http"),
    ],
)
def test_json_told_to_go_through_grpc_does_so_unless_it_has_no_such_form(
    ingest: Ingest, body: bytes, way: str
) -> None:
    with opened(ingest.endpoints, "gs_key", backfill=False, door="grpc") as send:
        send(Packet(body, is_json=True, events=2, origin="line 1"))
    sent_by, _, sent = ingest.seen[0]
    assert sent_by.startswith(way)
    if way == "grpc":
        batch = EventBatch.FromString(sent)
        assert ([event.event_id for event in batch.events], batch.sent_at) == (["a", ""], 3)
    else:
        assert sent == body


@pytest.mark.parametrize(
    ("endpoints", "key", "line"),
    [
        (Endpoints("c", "m", "p", "", "http://h", "h:1", "id", ""), "", "no key: give one"),
        (Endpoints("c", "m", "p", "", "", "h:1", "id", "k"), "k", "HXI_INGEST_URL is not set"),
        (Endpoints("c", "m", "p", "", "http://h", "", "id", "k"), "k", "HXI_INGEST_GRPC is not"),
    ],
)
def test_what_is_not_configured_is_named(endpoints: Endpoints, key: str, line: str) -> None:
    with (
        pytest.raises(LoadError, match=line),
        opened(endpoints, key, backfill=False, door=None),
    ):
        pytest.fail("it was opened")
