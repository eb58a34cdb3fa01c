"""What a publish brings to TRACEFLOW's tables, and what it leaves to services and people."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from orchestration.publish.merge import UNCHANGED
from tests.integration.publish.stand_in_marts import PROJECT, START, Visit, named
from tests.integration.publish.warehouse import Warehouse

SESSION = named("session")
TRACEFLOW = ("traceflow_sessions", "traceflow_events", "session_recordings", "traceflow_ux_issues")


def visit(**session: Any) -> Visit:
    """Five events of five kinds and a rage click."""
    return (
        Visit(SESSION, session={"user_id": "ann"} | session, steps=("/", "/cart", "/"))
        .event("page_view", title="Cart")
        .event("dblclick", click_x=4, click_y=5, target_text="Buy", target_id="buy")
        .event("scroll_milestone", scroll_depth=50)
        .event("js_error", error_message="oops", error_stack="at a.js:1")
        .event("custom", custom_name="bought", payload='{"eur": 5}', custom='{"plan": "pro"}')
        .rage(2)
    )


def insert_event(warehouse: Warehouse, **columns: str) -> None:
    """As a service does."""
    row = {"project_id": PROJECT, "session_id": str(SESSION), "event_type": "rage_click"} | columns
    warehouse.connection.execute(
        "INSERT INTO traceflow.traceflow_events (project_id, session_id, event_type)"
        " VALUES (%(project_id)s, %(session_id)s, %(event_type)s)",
        row,
    )


def test_a_visitor_nobody_knows_is_told_by_the_device_and_custom_dimensions_are_properties(
    warehouse: Warehouse,
) -> None:
    told = {"device_id": "d-1", "custom_properties": '{"plan": "gold", "": "x"}'}
    known = {"user_id": "ann", "device_id": "d-1", "custom_properties": "no JSON"}
    visits = [Visit(SESSION, session=told).click(), Visit(named("known"), session=known).click()]
    warehouse.marts.put(*visits)
    warehouse.publish(*visits)

    rows = warehouse.rows("traceflow_sessions", "visitor_id, custom_properties")
    assert sorted((row["visitor_id"], row["custom_properties"]) for row in rows) == [
        ("ann", {"text": "no JSON"}),
        ("d-1", {"plan": "gold", "": "x"}),
    ]


def test_a_session_of_traceflow_is_the_marts_session(warehouse: Warehouse) -> None:
    warehouse.marts.put(visit())
    warehouse.publish(visit())

    ended = START + timedelta(seconds=4)
    assert warehouse.row("traceflow_sessions") == {
        "id": SESSION,
        "session_id": str(SESSION),
        "source_session_id": SESSION,
        "project_id": UUID(PROJECT),
        "visitor_id": "ann",
        "user_agent": "Mozilla/5.0",
        "device_type": "desktop",
        "browser": "Firefox",
        "os": "Linux",
        "screen_resolution": "1920x1080",
        "ip_address": "203.0.113.9",
        "country_code": "AT",
        "city": "Graz",
        "geolocation": None,
        "started_at": START,
        "ended_at": ended,
        "duration_ms": 4000,
        "page_count": 2,
        "event_count": 5,
        "frustration_score": 12,
        "rage_click_count": 1,
        "dead_click_count": 0,
        "error_count": 1,
        "ai_analyzed": False,
        "ai_summary": None,
        "ai_root_cause": None,
        "referrer": "https://search.test/",
        "landing_page": "https://shop.test/?utm_source=x",
        "pages_visited": ["/", "/cart"],
        "custom_properties": {},
        "is_excluded": False,
        "created_at": START,
        "updated_at": ended,
    }


def test_an_unscored_session_has_no_frustration_score(warehouse: Warehouse) -> None:
    unscored = replace(visit(), score={"score": None})
    warehouse.marts.put(unscored)
    warehouse.publish(unscored)
    assert warehouse.row("traceflow_sessions")["frustration_score"] is None


def test_events_have_traceflows_types_and_keep_their_own_names(warehouse: Warehouse) -> None:
    warehouse.marts.put(visit())
    warehouse.publish(visit())

    rows = sorted(warehouse.rows("traceflow_events"), key=lambda row: str(row["timestamp"]))
    assert [(row["event_type"], row["event_name"]) for row in rows] == [
        ("pageview", "page_view"),
        ("click", "dblclick"),
        ("scroll", "scroll_milestone"),
        ("error", "js_error"),
        ("custom", "bought"),
    ]
    view, click, scroll, error, custom = rows
    assert (view["page_title"], view["page_url"]) == ("Cart", "https://shop.test/cart?x=1")
    assert (click["x_position"], click["y_position"], click["element_text"]) == (4, 5, "Buy")
    assert (click["element_class"], click["element_id"]) == ("btn primary", "buy")
    assert (click["viewport_width"], click["viewport_height"]) == (1280, 720)
    assert scroll["scroll_depth"] == 50
    assert (error["error_message"], error["error_stack"]) == ("oops", "at a.js:1")
    assert custom["metadata"] == {"eur": 5, "custom": {"plan": "pro"}}
    assert custom["id"] == custom["source_event_id"] == visit().events[4]["event_id"]
    assert custom["created_at"] == custom["timestamp"] == START + timedelta(seconds=4)


def test_a_recording_is_the_sessions_payloads_in_their_order(warehouse: Warehouse) -> None:
    chunks = (b' [{"n": 1}, {"n": [2]}] ', b'{"n": 3}', b"[]", b'[{"n": "\\u0000"}]', b'[{"n": 4}]')
    recorded = replace(visit(), chunks=chunks)
    warehouse.marts.put(recorded)
    warehouse.publish(recorded)

    row = warehouse.row("session_recordings")
    assert row["events"] == [{"n": 1}, {"n": [2]}, {"n": 3}, {"n": ""}, {"n": 4}]
    assert (row["duration_ms"], row["event_count"]) == (4000, 5)
    assert row["storage_size_bytes"] == len(b"".join(chunks))
    assert (row["start_time"], row["end_time"]) == (START, START + timedelta(seconds=4))
    assert (row["page_count"], row["pages_visited"]) == (2, ["/", "/cart"])
    assert (row["visitor_id"], row["geolocation"]) == (
        "ann",
        {"city": "Graz", "country": "Austria"},
    )


def test_of_a_recording_too_long_for_one_value_the_facts_are_served(warehouse: Warehouse) -> None:
    chunk = json.dumps([{"text": "x" * (17 << 20)}]).encode()
    long = replace(visit(), chunks=(chunk, chunk))
    warehouse.marts.put(long)
    warehouse.publish(long)

    row = warehouse.row("session_recordings")
    assert (row["events"], row["storage_size_bytes"]) == ([], 2 * len(chunk))
    assert len(warehouse.rows("session_replay_chunks")) == 2


def test_a_recording_without_other_events_is_served_and_leaves_with_its_payloads(
    warehouse: Warehouse,
) -> None:
    warehouse.marts.put(Visit(SESSION))
    for mart in ("sessions", "events", "journeys", "experience_scores", "behaviour_states"):
        warehouse.clickhouse.command(f"TRUNCATE TABLE {warehouse.marts.database}.{mart}")
    warehouse.publish(Visit(SESSION))
    row = warehouse.row("session_recordings")
    assert (row["events"], row["page_count"], row["visitor_id"]) == ([{"type": 4}], None, None)

    warehouse.marts.erase(Visit(SESSION))
    warehouse.publish(Visit(SESSION))
    assert warehouse.rows("session_recordings") == []


def test_values_too_large_for_traceflow_stop_no_publish(warehouse: Warehouse) -> None:
    long = "🎉" * 70_000
    wide = {"viewport_width": 2**32 - 1, "time_on_page_ms": 2**64 - 1}
    big = visit(user_id=long, country_code=long, city=long, duration_ms=2**64 - 1)
    big = big.event("js_error", url=long, path=long, custom_name=long, **wide)
    big = big.insight("dead_click", path=long, target_selector=long)
    warehouse.marts.put(big)
    warehouse.publish(big)

    session = warehouse.row("traceflow_sessions")
    assert (session["visitor_id"], session["country_code"]) == (long[:255], long[:255])
    assert (session["city"], session["duration_ms"]) == (long, 2**31 - 1)
    event = max(warehouse.rows("traceflow_events"), key=lambda row: row["timestamp"])
    assert (event["viewport_width"], event["time_on_page_ms"]) == (2**31 - 1, 2**31 - 1)
    assert event["page_url"] == event["event_name"] == long
    places = {(row["page_url"], row["element_selector"]) for row in warehouse.rows(TRACEFLOW[3])}
    assert (long, long) in places


def test_what_services_wrote_survives_and_counts_come_from_the_marts(warehouse: Warehouse) -> None:
    before = visit()
    warehouse.marts.put(before)
    warehouse.publish(before)
    ids = warehouse.ids()
    warehouse.connection.execute(
        "UPDATE traceflow.traceflow_sessions SET ai_summary = 'angry', ai_analyzed = true"
    )
    insert_event(warehouse)
    assert warehouse.row("traceflow_sessions")["event_count"] == 6

    after = before.click()
    warehouse.marts.put(after)
    changes = warehouse.publish(after)

    session = warehouse.row("traceflow_sessions")
    assert (session["ai_summary"], session["ai_analyzed"]) == ("angry", True)
    assert session["event_count"] == 6
    assert (changes["traceflow_events"].inserted, changes["traceflow_events"].deleted) == (1, 0)
    assert len(warehouse.rows("traceflow_events")) == 7
    assert all(warehouse.ids()[table] == ids[table] for table in TRACEFLOW[0:3:2])
    assert set(warehouse.publish(after).values()) == {UNCHANGED}


def test_rows_services_inserted_first_are_taken_over_with_their_ids(warehouse: Warehouse) -> None:
    key = (PROJECT, str(SESSION))
    for table in ("traceflow_sessions", "session_recordings"):
        warehouse.connection.execute(
            f"INSERT INTO traceflow.{table} (project_id, session_id) VALUES (%s, %s)".encode(), key
        )
    ids = {row["id"] for table in TRACEFLOW[0:3:2] for row in warehouse.rows(table)}
    insert_event(warehouse)

    warehouse.marts.put(visit())
    warehouse.publish(visit())

    assert {row["id"] for table in TRACEFLOW[0:3:2] for row in warehouse.rows(table)} == ids
    assert warehouse.row("traceflow_sessions")["duration_ms"] == 4000
    assert len(warehouse.rows("traceflow_events")) == 6


def test_an_erased_session_takes_what_services_added_to_it_along(warehouse: Warehouse) -> None:
    warehouse.marts.put(visit())
    warehouse.publish(visit())
    insert_event(warehouse)

    warehouse.marts.erase(visit())
    warehouse.publish(visit())

    assert [row for table in TRACEFLOW for row in warehouse.rows(table)] == []


def test_recordings_of_services_stay_where_the_warehouse_has_none(warehouse: Warehouse) -> None:
    unrecorded = replace(visit(), chunks=())
    warehouse.connection.execute(
        "INSERT INTO traceflow.session_recordings (project_id, session_id) VALUES (%s, %s)",
        (PROJECT, str(SESSION)),
    )
    warehouse.marts.put(unrecorded)
    warehouse.publish(unrecorded)
    assert warehouse.row("session_recordings")["source_session_id"] is None
