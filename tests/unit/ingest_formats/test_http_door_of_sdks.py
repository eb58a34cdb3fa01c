"""The HTTP door with requests of other SDKs: kept before they are answered, refused as ours are."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from gosight.ingest_pb2 import EventBatch

from ingest.clock import now_ms
from tests.unit.ingest_doors.running_doors import KEY, PROJECT, RunningDoors

SESSION = "01a21e72-aa62-73c4-bb5f-6358e319cb7d"
VIEW = {
    "event": "$pageview",
    "uuid": "01a21e72-aa47-7448-b236-601f57acc8d6",
    "distinct_id": "someone",
    "properties": {"$session_id": SESSION, "$current_url": "https://shop.example/cart"},
}


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDoors]:
    scripts = tmp_path_factory.mktemp("node_modules")
    (scripts / "posthog-js" / "dist").mkdir(parents=True)
    (scripts / "posthog-js" / "dist" / "recorder.js").write_text("record()")
    with RunningDoors(tmp_path_factory.mktemp("doors"), sdk_dir=scripts) as running:
        yield running


@pytest.fixture
def http(doors: RunningDoors) -> Iterator[httpx.Client]:
    doors.forget_all()
    with httpx.Client(base_url=doors.http_url, timeout=60) as client:
        yield client


def test_what_is_answered_is_in_the_spool(doors: RunningDoors, http: httpx.Client) -> None:
    answer = http.post("/e/", json={"api_key": KEY, "batch": [VIEW]})
    assert (answer.status_code, answer.json()) == (200, {"status": 1})
    (kept,) = doors.spooled()
    assert (kept.batch_id, kept.project_id) == (answer.headers["x-gosight-batch-id"], PROJECT)
    assert EventBatch.FromString(kept.body).events[0].page_view.page_path == "/cart"


def sent_by(sdk: str, at: int) -> tuple[str, dict[str, object]]:
    """Path and body of a view that the SDK sends in the millisecond in which it happens."""
    time = datetime.fromtimestamp(at / 1000, UTC).isoformat()
    if sdk == "posthog":
        view = {**VIEW, "timestamp": time}
        return "/batch/", {"api_key": KEY, "batch": [view], "sent_at": time}
    if sdk == "segment":
        ids = {"writeKey": KEY, "messageId": "m", "anonymousId": "a"}
        return "/v1/page", {**ids, "originalTimestamp": time, "sentAt": time}
    view = {"aid": KEY, "e": "pv", "sid": SESSION, "dtm": str(at), "stm": str(at)}
    return "/com.snowplowanalytics.snowplow/tp2", {"data": [view]}


@pytest.mark.parametrize("sdk", ["posthog", "segment", "snowplow"])
@pytest.mark.parametrize("behind", [30_000, 90_000, 20 * 86_400_000])
def test_a_clock_that_is_wrong_by_over_a_minute_is_put_right(
    doors: RunningDoors, http: httpx.Client, sdk: str, behind: int
) -> None:
    at = now_ms() - behind
    path, body = sent_by(sdk, at)
    assert http.post(path, json=body).status_code == 200
    (kept,) = doors.spooled()
    (event,) = EventBatch.FromString(kept.body).events
    # Two of these are of one session, so of one clock: apart by what their ways took.
    meant = at if behind == 30_000 else kept.ingested_at
    assert abs(event.timestamp.millis - meant) < (1 if behind == 30_000 else 5_000)


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [("gs_wrong", {"batch": [VIEW]}, 401), (KEY, {"batch": []}, 400), ("", {"batch": [VIEW]}, 401)],
)
def test_a_refused_body_is_answered_as_ours_are(
    doors: RunningDoors, http: httpx.Client, key: str, body: dict[str, object], status: int
) -> None:
    answer = http.post("/batch/", json={"api_key": key, **body})
    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert not doors.spooled()


def test_pages_of_any_origin_may_ask_first(http: httpx.Client) -> None:
    asked = {"origin": "https://shop.example", "access-control-request-headers": "authorization"}
    answer = http.options("/v1/track", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-allow-headers"] == "authorization"
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_an_image_request_is_answered_with_an_image(
    doors: RunningDoors, http: httpx.Client
) -> None:
    tracked = {"aid": KEY, "e": "pv", "sid": SESSION, "url": "https://shop.example/cart"}
    answer = http.get("/i", params=tracked)
    assert answer.headers["content-type"] == "image/gif"
    assert len(doors.spooled_ids()) == 1


def test_scripts_come_from_the_folder_that_is_set(http: httpx.Client) -> None:
    assert http.get("/static/recorder.js?v=1").text == "record()"
    assert http.get("/static/surveys.js").status_code == 404
    assert http.get("/static/..%2Frecorder.js").status_code == 404
    assert http.get("/e/").status_code == 404
