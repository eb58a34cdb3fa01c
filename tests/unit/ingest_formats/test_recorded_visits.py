"""The visit that shared/data/sdk/README.md tells, as each SDK's own requests tell it."""

import gzip
from collections import Counter
from pathlib import Path

import orjson
import pytest

from ingest.decode.checks import fault_of
from ingest.decode.envelope import Malformed
from tests.unit.ingest_formats.recorded import events, kind, of_kind, read, recorded, visit

SDKS = ("posthog", "rrweb", "segment", "snowplow")
DOCUMENTS = ["/", "/product.html", "/cart.html", "/checkout.html"]
CLICKED = [
    *["#broken"] * 5,
    *("#boom", "#n-product", "#tab-spec", "#tab-rev", "#add", "#n-cart", "#to-checkout"),
    *("#email", "#send"),
]


@pytest.fixture
def sdk_data(shared_data: Path) -> Path:
    return shared_data / "sdk"


@pytest.mark.parametrize("sdk", SDKS)
def test_no_event_of_a_recording_is_refused(sdk: str, sdk_data: Path) -> None:
    count = 0
    for request in recorded(sdk_data / f"{sdk}.jsonl"):
        for event in read(request).events:
            assert not isinstance(event, Malformed), event.detail
            assert fault_of(event, request.received_at, backfill=False) is None
            count += 1
    assert count > 20


@pytest.mark.parametrize("sdk", SDKS)
def test_a_request_read_twice_tells_the_same_events(sdk: str, sdk_data: Path) -> None:
    for request in recorded(sdk_data / f"{sdk}.jsonl"):
        assert events(request) == events(request)


@pytest.mark.parametrize("sdk", SDKS)
def test_the_visit_is_one_session_on_its_pages(sdk: str, sdk_data: Path) -> None:
    told = visit(sdk_data / f"{sdk}.jsonl")
    assert len({event.session_id for event in told}) == 1
    viewed = [event.page_view.page_path for event in of_kind(told, "page_view")]
    tabs = ["/product.html/spec", "/product.html/rev", "/product.html/spec"]
    by_history = [*DOCUMENTS[:2], *tabs, *DOCUMENTS[2:]]
    assert viewed == (by_history if sdk == "posthog" else DOCUMENTS)
    entry = of_kind(told, "page_view")[0].page.url
    assert "utm_source=newsletter&utm_medium=email&utm_campaign=autumn" in entry


def test_posthog_tells_clicks_by_element_and_what_each_did(sdk_data: Path) -> None:
    told = visit(sdk_data / "posthog.jsonl")
    assert [event.click.target.selector for event in of_kind(told, "click")] == CLICKED
    counts = Counter(map(kind, told))
    assert (counts["form_submit"], counts["js_error"], counts["page_exit"]) == (1, 1, 7)
    assert of_kind(told, "js_error")[0].js_error.error_type == "TypeError"
    requests = [event.network_request for event in of_kind(told, "fetch_request")]
    assert [(one.method, one.status) for one in requests] == [
        ("POST", 500),
        ("GET", 404),
        ("POST", 200),
    ]
    said = Counter(event.custom_event.name for event in of_kind(told, "sdk_signal"))
    assert said == {"$dead_click": 4, "$rageclick": 1}
    exits = of_kind(told, "page_exit")
    assert (exits[0].page_exit.max_scroll_depth, exits[0].page_exit.time_on_page_ms) == (80, 17191)
    assert not any(event.user_id for event in told)


def test_posthog_recordings_are_rrwebs_events_again(sdk_data: Path) -> None:
    payloads = of_kind(visit(sdk_data / "posthog.jsonl"), "replay")
    played = [e for one in payloads for e in orjson.loads(gzip.decompress(one.replay.data))]
    assert [event["type"] for event in played].count(2) == len(DOCUMENTS)
    snapshots = [event["data"]["node"]["type"] for event in played if event["type"] == 2]
    assert snapshots == [0] * len(DOCUMENTS)
    times = [event["timestamp"] for event in played]
    assert times == sorted(times)
    assert len({event["windowId"] for event in played}) == 1
    assert b"requestHeaders" not in orjson.dumps(played)


def test_rrweb_tells_clicks_whose_numbers_are_told_as_elements(sdk_data: Path) -> None:
    told = visit(sdk_data / "rrweb.jsonl")
    meaning: dict[str, str] = {}
    hit: list[str] = []
    for event in told:
        meaning |= event.custom_event.properties if kind(event) == "click_detail" else {}
        if kind(event) == "click":
            hit.append(orjson.loads(meaning[event.custom["rrweb_node"]])["selector"])
    assert hit == CLICKED
    first = next(event for event in told if event.HasField("click") and event.click.position.x)
    assert (first.click.position.x, first.click.position.y) == (72, 595)
    assert len(of_kind(told, "input_change")) == 4
    device = of_kind(told, "page_view")[0].device
    assert (device.viewport_width, device.viewport_height) == (1280, 800)


def test_segment_and_snowplow_tell_who_it_is_once_it_is_known(sdk_data: Path) -> None:
    for sdk in ("segment", "snowplow"):
        told = visit(sdk_data / f"{sdk}.jsonl")
        assert {event.user_id for event in told} == {"", "user-42"}
        assert not told[0].user_id
    bought = [e for e in told if e.custom_event.name == "order"]
    assert [e.custom_event.properties["value"] for e in bought] == ["12.5"]


def test_snowplow_pings_tell_how_far_a_page_was_seen(sdk_data: Path) -> None:
    pings = of_kind(visit(sdk_data / "snowplow.jsonl"), "scroll")
    seen = [event.scroll.scroll_depth_percent for event in pings if event.page.path == "/"]
    assert max(seen) == round(100 * (1500 + 800) / 3239)
