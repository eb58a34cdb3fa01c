"""Codings, content types and sizes of HTTP bodies."""

import gzip
import json
import socket
import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest
import zstandard
from google.protobuf.json_format import MessageToJson

from ingest.decode.body import MAX_BODY_BYTES
from ingest.doors import http_server
from tests.unit.ingest_doors.door_clients import Outcome, http_outcome
from tests.unit.ingest_doors.running_doors import KEY, RunningDoors
from tests.unit.ingest_doors.sent_events import clicks

Code = Callable[[bytes], bytes]


def zstd_of_unknown_size(body: bytes) -> bytes:
    compressor = zstandard.ZstdCompressor().compressobj()
    return compressor.compress(body) + compressor.flush()


CODINGS: list[tuple[str, Code]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("zstd", zstandard.compress),
    ("zstd", zstd_of_unknown_size),
    ("identity", bytes),
    ("GZIP", gzip.compress),
]
COMPRESSING = [pair for pair in CODINGS if pair[0] in ("gzip", "deflate", "zstd")]


def post(http: httpx.Client, body: bytes | Iterator[bytes], **headers: str) -> Outcome:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = http.post("/v1/events", content=body, headers={"X-GoSight-Key": KEY, **named})
    return http_outcome(answer)


@pytest.mark.parametrize(("coding", "code"), CODINGS)
@pytest.mark.parametrize("form", ["application/json", "application/x-protobuf"])
def test_every_coding_is_undone(
    doors: RunningDoors, http: httpx.Client, coding: str, code: Code, form: str
) -> None:
    sent = clicks(50)
    body = MessageToJson(sent).encode() if "json" in form else sent.SerializeToString()
    outcome = post(http, code(body), Content_Encoding=coding, Content_Type=form)
    assert outcome.counts == (50, 0)
    assert doors.spooled_ids() == [event.event_id for event in sent.events]


def test_a_body_that_does_not_come_to_its_end_is_waited_for_no_longer(
    doors: RunningDoors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has no key needs none to begin a body: bodies of strangers would fill the memory."""
    monkeypatch.setattr(http_server, "BODY_SECONDS", 0.2)
    host, port = doors.http_url.removeprefix("http://").split(":")
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as stranger:
        stranger.sendall(head + b"Content-Length: 1000\r\n\r\n" + b"x" * 999)
        assert stranger.recv(12) == b"HTTP/1.1 408"


@pytest.mark.parametrize(("coding", "code"), COMPRESSING)
def test_a_body_in_several_parts_is_read_to_its_end(
    doors: RunningDoors, http: httpx.Client, coding: str, code: Code
) -> None:
    whole = clicks(50).SerializeToString()
    body = code(whole[:1000]) + code(whole[1000:])
    assert post(http, body, Content_Encoding=coding).counts == (50, 0)


@pytest.mark.parametrize(("coding", "code"), COMPRESSING)
@pytest.mark.parametrize("cut", [1, 5, 200])
def test_a_body_that_ends_early_is_refused(
    doors: RunningDoors, http: httpx.Client, coding: str, code: Code, cut: int
) -> None:
    body = code(clicks(50).SerializeToString())[:-cut]
    outcome = post(http, body, Content_Encoding=coding)
    assert outcome.status == 400
    assert outcome.error.startswith(f"the body is not {coding}: ")
    assert doors.spooled() == []


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_a_body_that_is_not_in_its_coding_is_refused(
    doors: RunningDoors, http: httpx.Client, coding: str
) -> None:
    outcome = post(http, clicks(1).SerializeToString(), Content_Encoding=coding)
    assert outcome.status == 400
    assert f"not {coding}" in outcome.error


def test_an_unknown_coding_names_the_known_ones(doors: RunningDoors, http: httpx.Client) -> None:
    outcome = post(http, b"", Content_Encoding="br")
    assert outcome.status == 415
    assert outcome.error == "content coding 'br': send gzip, deflate, zstd or none"


@pytest.mark.parametrize(("coding", "code"), COMPRESSING)
def test_a_body_is_measured_while_it_unfolds(
    doors: RunningDoors, http: httpx.Client, coding: str, code: Code
) -> None:
    bomb = code(bytes(200 * 1024 * 1024))
    assert len(bomb) < 1024 * 1024
    outcome = post(http, bomb, Content_Encoding=coding)
    assert outcome.status == 413
    assert outcome.error == f"the body has more than {MAX_BODY_BYTES} bytes"


def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not(
    doors: RunningDoors, http: httpx.Client
) -> None:
    body = b'{"events": []}'
    json_type = "application/json"
    full = body + b" " * (MAX_BODY_BYTES - len(body))
    for coding, code in (("identity", bytes), ("gzip", gzip.compress)):
        sent = {"Content_Type": json_type, "Content_Encoding": coding}
        assert post(http, code(full), **sent).code == "OK"
        assert post(http, code(full + b" "), **sent).status == 413


def test_a_body_of_unknown_length_is_counted_as_it_comes(
    doors: RunningDoors, http: httpx.Client
) -> None:
    chunks = (b" " * 65_536 for _ in range(300))
    assert post(http, chunks, Content_Type="application/json").status == 413
    good = clicks(300).SerializeToString()
    parts = (good[start : start + 1000] for start in range(0, len(good), 1000))
    assert post(http, parts, Content_Type="application/x-protobuf").counts == (300, 0)


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        ("application/x-protobuf", False),
        ("application/protobuf", False),
        ("application/octet-stream", False),
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ("text/plain;charset=UTF-8", True),
        ("", True),
        ("", False),
    ],
)
def test_the_content_type_tells_the_form(
    doors: RunningDoors, http: httpx.Client, content_type: str, *, is_json: bool
) -> None:
    sent = clicks(2, key=KEY)
    body = MessageToJson(sent).encode() if is_json else sent.SerializeToString()
    headers = {"Content_Type": content_type} if content_type else {}
    assert post(http, body, **headers).counts == (2, 0)


def test_a_beacon_needs_nothing_but_its_body(doors: RunningDoors, http: httpx.Client) -> None:
    answer = http.post(
        "/v1/events",
        content=MessageToJson(clicks(1, key=KEY)),
        headers={"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://shop.example"},
    )
    assert answer.status_code == 200
    assert len(doors.spooled_ids()) == 1


def test_json_with_white_space_in_front_is_told_from_protobuf(
    doors: RunningDoors, http: httpx.Client
) -> None:
    body = "\n\t " + json.dumps({"projectKey": KEY, "events": []})
    assert post(http, body.encode()).code == "OK"
    key_as_long_as_a_brace_is_high = "{" * 123
    sent = clicks(1, key=key_as_long_as_a_brace_is_high).SerializeToString()
    assert sent.startswith(b"\n{{")
    assert post(http, sent).code == "UNAUTHENTICATED"


def test_another_content_type_names_the_known_ones(doors: RunningDoors, http: httpx.Client) -> None:
    outcome = post(http, b"{}", Content_Type="application/x-www-form-urlencoded")
    assert outcome.status == 415
    assert "send one of application/x-protobuf" in outcome.error
