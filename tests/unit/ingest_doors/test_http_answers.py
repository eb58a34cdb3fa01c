"""What the HTTP door says beside the batch's own answer: forms, CORS, health, wrong addresses."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest
from gosight.ingest_pb2 import EventBatch, IngestResponse

from tests.unit.ingest_doors.running_doors import KEY, RunningDoors
from tests.unit.ingest_doors.sent_events import BAD_EVENTS, batch, click, clicks, now
from tests.waiting import until

PROTOBUF = "application/x-protobuf"


def test_the_answer_is_protobuf_json_with_every_count(
    doors: RunningDoors, http: httpx.Client
) -> None:
    good = http.post("/v1/events", content=clicks(2, key=KEY).SerializeToString())
    assert good.headers["content-type"] == "application/json"
    assert good.json() == {"success": True, "eventsAccepted": 2, "eventsRejected": 0}
    sent = batch(click(), BAD_EVENTS["invalid_uuid"][0], key=KEY)
    partly = http.post("/v1/events", content=sent.SerializeToString())
    assert partly.json() == {
        "success": True,
        "error": "invalid_uuid",
        "eventsAccepted": 1,
        "eventsRejected": 1,
    }
    refused = http.post("/v1/events", content=clicks(2).SerializeToString())
    assert refused.json() == {
        "success": False,
        "error": "no key: set project_key or X-GoSight-Key",
        "eventsAccepted": 0,
        "eventsRejected": 0,
    }


@pytest.mark.parametrize("accept", [PROTOBUF, "application/json, application/protobuf"])
@pytest.mark.parametrize("key", [KEY, "gs_wrong"])
def test_protobuf_is_answered_in_protobuf_when_it_is_asked_for(
    doors: RunningDoors, http: httpx.Client, accept: str, key: str
) -> None:
    answer = http.post(
        "/v1/events",
        content=clicks(2, key=key).SerializeToString(),
        headers={"Content-Type": PROTOBUF, "Accept": accept},
    )
    assert answer.headers["content-type"] == PROTOBUF
    response = IngestResponse.FromString(answer.content)
    assert (response.success, response.events_accepted) == ((True, 2) if key == KEY else (False, 0))


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 404, None),
        ("POST", "/v1/event", 404, None),
        ("POST", "/v2/events", 404, None),
        ("GET", "/v1/events", 405, "POST, OPTIONS"),
        ("PUT", "/v1/events", 405, "POST, OPTIONS"),
        ("POST", "/health", 405, "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_address_or_method_says_what_is_right(
    http: httpx.Client, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = http.request(method, path)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)
    assert answer.json()["error"]


def test_a_slash_at_the_end_does_no_harm(doors: RunningDoors, http: httpx.Client) -> None:
    body = clicks(1, key=KEY).SerializeToString()
    assert http.post("/v1/events/", content=body).status_code == 200


def test_a_page_of_any_origin_may_ask_and_send(doors: RunningDoors, http: httpx.Client) -> None:
    origin = "https://shop.example"
    asked = "content-type,content-encoding,x-gosight-key,traceparent"
    preflight = http.options(
        "/v1/events",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": asked,
        },
    )
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert preflight.headers["access-control-allow-headers"] == asked
    assert preflight.headers["access-control-max-age"]
    body = EventBatch(project_key=KEY).SerializeToString()
    for answer in (
        preflight,
        http.post("/v1/events", content=body, headers={"Origin": origin}),
        http.post("/v1/events", content=b"\xff", headers={"Origin": origin}),
        http.post("/nowhere", content=b"", headers={"Origin": origin}),
    ):
        # Beacons carry credentials, and then a browser takes no "*".
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["vary"] == "Origin"
        assert "X-GoSight-Batch-Id" in answer.headers["access-control-expose-headers"]


def test_without_an_origin_there_is_no_word_on_origins(http: httpx.Client) -> None:
    assert not [name for name in http.get("/health").headers if "access-control" in name]


def test_health_tells_what_waits(doors: RunningDoors, http: httpx.Client) -> None:
    empty = http.get("/health").json()
    assert empty["spool"] == {"batches": 0, "events": 0, "bytes": 0, "oldest_age_seconds": 0.0}
    assert empty["last_landing_error"] is None
    for count in (2, 3):
        http.post("/v1/events", content=clicks(count, key=KEY).SerializeToString())
    doors.lander.last_error = "ClickHouse does not answer"
    answer = http.get("/health")
    facts = answer.json()
    assert (answer.status_code, facts["status"]) == (200, "ok")
    assert (facts["spool"]["batches"], facts["spool"]["events"]) == (2, 5)
    assert facts["spool"]["bytes"] == sum(one.size for one in doors.spooled())
    age = (now() - doors.spooled()[0].ingested_at) / 1000
    assert facts["spool"]["oldest_age_seconds"] == pytest.approx(age, abs=2.0)
    assert facts["last_landing_error"] == "ClickHouse does not answer"
    doors.spool.remove(doors.spooled())
    assert http.get("/health").json()["spool"]["events"] == 0


def test_ready_means_that_all_three_stores_answer(doors: RunningDoors, http: httpx.Client) -> None:
    answer = http.get("/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "stores": {"postgresql": True, "mongodb": True, "clickhouse": True}},
    )
    assert http.head("/ready").content == b""
    doors.lander.answering = {"mongodb": True, "clickhouse": False}
    answer = http.get("/ready")
    assert (answer.status_code, answer.json()["error"]) == (503, "clickhouse not ready")
    doors.key_table.is_down = True
    answer = http.get("/ready")
    assert (answer.status_code, answer.json()["error"]) == (
        503,
        "clickhouse and postgresql not ready",
    )


def test_a_client_that_goes_away_harms_nobody(doors: RunningDoors, http: httpx.Client) -> None:
    where = urlsplit(doors.http_url)
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    body = clicks(1, key=KEY).SerializeToString()
    whole = head.replace(b"1000", str(len(body)).encode()) + body
    for sent in (head, head + b"x" * 500, whole):
        with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
            connection.sendall(sent)
    until(doors.spooled_ids)
    assert http.post("/v1/events", content=body).status_code == 200
    assert len(doors.spooled_ids()) == 2
