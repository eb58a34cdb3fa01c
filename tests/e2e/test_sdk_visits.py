"""The visit of shared/data/sdk/README.md in the tables, as far as each SDK tells it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hxi.replay import replay
from stack.embedded import Stack
from tests.conftest import variables_of
from tests.e2e.conftest import PlannedWarehouse
from tests.e2e.sdk_recordings import SDKS, recorded_sdks

Row = dict[str, Any]
DOCUMENTS = ["/", "/product.html", "/cart.html", "/checkout.html"]
TABS = ["/product.html/spec", "/product.html/rev", "/product.html/spec"]
CLICKED = [
    *["#broken"] * 5,
    *("#boom", "#n-product", "#tab-spec", "#tab-rev", "#add", "#n-cart", "#to-checkout"),
    *("#email", "#send"),
]


@pytest.fixture
def warehouse(planned_warehouse: PlannedWarehouse, shared_data: Path) -> PlannedWarehouse:
    assert recorded_sdks() == list(SDKS)
    return planned_warehouse


def rows(warehouse: PlannedWarehouse, sdk: str, columns: str, rest: str) -> list[Row]:
    """Of the SDK's project; `rest` begins with the table."""
    query = f"SELECT {columns} FROM gosight.{rest}"
    found = warehouse.client.query(query, parameters={"p": warehouse.sdks[sdk]})
    return list(found.named_results())


@pytest.mark.parametrize("sdk", SDKS)
def test_the_visit_is_one_session_with_its_pages_and_campaign(
    warehouse: PlannedWarehouse, sdk: str
) -> None:
    of_project = "WHERE project_id = {p:String}"
    (session,) = rows(
        warehouse,
        sdk,
        "entry_path, exit_path, utm_source, utm_medium, utm_campaign, user_id, page_count,"
        " click_count, error_count",
        f"sessions {of_project}",
    )
    pages = [*DOCUMENTS[:2], *TABS, *DOCUMENTS[2:]] if sdk == "posthog" else DOCUMENTS
    views = rows(warehouse, sdk, "path", f"page_views {of_project} ORDER BY viewed_at")
    assert [view["path"] for view in views] == pages
    clicks = len(CLICKED) if sdk in ("posthog", "rrweb") else 0
    assert session == {
        "entry_path": "/",
        "exit_path": "/checkout.html",
        "utm_source": "newsletter",
        "utm_medium": "email",
        "utm_campaign": "autumn",
        "user_id": "user-42" if sdk in ("segment", "snowplow") else "",
        "page_count": len(pages),
        "click_count": clicks,
        "error_count": 1 if sdk == "posthog" else 0,
    }


@pytest.mark.parametrize("sdk", ["posthog", "rrweb"])
def test_clicks_have_elements_and_places_so_that_rage_is_seen(
    warehouse: PlannedWarehouse, sdk: str
) -> None:
    clicks = rows(
        warehouse,
        sdk,
        "target_selector, click_x, click_y",
        "events WHERE project_id = {p:String} AND event_type = 'click' ORDER BY timestamp",
    )
    assert [click["target_selector"] for click in clicks] == CLICKED
    assert [(one["click_x"], one["click_y"]) for one in clicks[:5]] == [
        (x, 595) for x in (72, 73, 74, 75, 72)
    ]
    charged = rows(
        warehouse,
        sdk,
        "insight_type, target_selector, details",
        "insights WHERE project_id = {p:String} AND charged ORDER BY timestamp",
    )
    found = [(one["insight_type"], one["target_selector"]) for one in charged]
    assert found[:2] == [("rage_click", "#broken"), ("dead_click", "#broken")]
    assert json.loads(charged[0]["details"])["click_count"] == 4
    errors = [one for one in charged if one["insight_type"] == "error_click"]
    assert [one["target_selector"] for one in errors] == (["#boom"] if sdk == "posthog" else [])


def test_posthog_tells_errors_requests_forms_vitals_and_times(warehouse: PlannedWarehouse) -> None:
    events = rows(
        warehouse,
        "posthog",
        "event_type, error_type, request_method, request_status, form_id",
        "events WHERE project_id = {p:String} AND event_type IN"
        " ('js_error', 'fetch_request', 'form_submit') ORDER BY timestamp",
    )
    assert [one["error_type"] for one in events if one["event_type"] == "js_error"] == ["TypeError"]
    requests = [one for one in events if one["event_type"] == "fetch_request"]
    statuses = [(one["request_method"], one["request_status"]) for one in requests]
    assert statuses == [("POST", 500), ("GET", 404), ("POST", 200)]
    assert [one["form_id"] for one in events if one["event_type"] == "form_submit"] == ["pay"]
    (first, *_) = rows(
        warehouse,
        "posthog",
        "time_on_page_ms, max_scroll_depth, lcp, inp, round(cls, 3) AS shift, ttfb, load_complete",
        "page_views WHERE project_id = {p:String} ORDER BY viewed_at",
    )
    assert tuple(first.values()) == (17_191, 80, 628, 8, pytest.approx(0.216, abs=1e-6), 72, 964)


def test_snowplow_pings_are_time_and_depth_of_their_page(warehouse: PlannedWarehouse) -> None:
    views = rows(
        warehouse,
        "snowplow",
        "time_on_page_ms, max_scroll_depth",
        "page_views WHERE project_id = {p:String} AND path = '/'",
    )
    assert views == [{"time_on_page_ms": 16_025, "max_scroll_depth": 71}]


@pytest.mark.parametrize("sdk", ["posthog", "rrweb"])
def test_a_recording_comes_back_as_a_player_takes_it(
    warehouse: PlannedWarehouse, stack: Stack, tmp_path: Path, sdk: str
) -> None:
    (session,) = rows(warehouse, sdk, "session_id", "sessions WHERE project_id = {p:String}")
    out = tmp_path / "r.json"
    arguments = [str(session["session_id"]), "--project", warehouse.sdks[sdk], "--out", str(out)]
    with variables_of(stack.endpoints):
        assert CliRunner().invoke(replay, arguments, catch_exceptions=False).exit_code == 0
    played = json.loads(out.read_text())
    assert [event["type"] for event in played].count(2) == len(DOCUMENTS)
    assert all(event["data"]["node"]["type"] == 0 for event in played if event["type"] == 2)
    times = [event["timestamp"] for event in played]
    assert times == sorted(times)
    assert not out.with_name("r-2.json").exists()


@pytest.mark.parametrize("sdk", SDKS)
def test_what_was_posted_twice_has_landed_once(warehouse: PlannedWarehouse, sdk: str) -> None:
    (sums,) = warehouse.client.query(
        "SELECT sum(valid), sum(landed), sum(duplicate), sum(rejected)"
        " FROM raw.ingest_ledger FINAL WHERE project_id = {p:String}",
        parameters={"p": warehouse.sdks[sdk]},
    ).result_rows
    valid, landed, duplicate, rejected = sums
    assert rejected == 0
    assert landed + duplicate == valid
    assert landed <= duplicate
