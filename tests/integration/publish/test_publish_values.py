"""Values that could stop a publish, or arrive changed: seen on real stores."""

import json
from typing import Any

import pytest

from tests.integration.publish.stand_in_marts import PROJECT, Visit, named
from tests.integration.publish.warehouse import Warehouse

SESSION = named("session")
STRANGE = (
    "tab\tline\nreturn\r back\\slash \\N \\. 'one' \"two\" \x01\x1b\x7f é 漢 🎉 \u2028 \\r\\n,{};"
)


def test_strange_text_arrives_as_it_was(warehouse: Warehouse) -> None:
    texts = dict.fromkeys(["url", "path", "target_id", "error_message", "error_stack"], STRANGE)
    strange = Visit(SESSION, session={"user_agent": STRANGE, "user_id": STRANGE}, steps=(STRANGE,))
    strange = strange.event("js_error", payload=json.dumps({STRANGE: STRANGE}), **texts)
    warehouse.marts.put(strange)
    warehouse.publish(strange)

    event, error = warehouse.row("events"), warehouse.row("error_logs")
    assert {event["page_url"], event["screen_name"], event["element_id"]} == {STRANGE}
    assert {error["error_message"], error["stack_trace"]} == {STRANGE}
    assert event["metadata"] == {STRANGE: STRANGE}
    assert warehouse.row("sessions")["user_agent"] == STRANGE
    assert warehouse.row("users")["external_user_id"] == STRANGE
    assert warehouse.row("journey_steps")["screen_name"] == STRANGE


@pytest.mark.parametrize("text", ["\\N", "\\.", "", " ", "NULL", "\n", "\t"])
def test_text_that_looks_like_a_mark_of_copy_is_text(warehouse: Warehouse, text: str) -> None:
    error = Visit(SESSION).event("js_error", error_message=text).event("js_error")
    warehouse.marts.put(error)
    warehouse.publish(error)

    rows = sorted(warehouse.rows("error_logs"), key=lambda row: str(row["occurred_at"]))
    assert [row["error_message"] for row in rows] == [text, None]


def test_long_text_is_cut_by_characters_and_unbounded_text_is_kept(warehouse: Warehouse) -> None:
    long = "🎉" * 70_000
    target: dict[str, Any] = dict.fromkeys(
        ["target_id", "target_tag", "path", "error_message", "request_url"], long
    )
    visit = Visit(SESSION, session=dict.fromkeys(["ip", "app_version", "language"], long))
    visit = visit.click(**target).event("js_error", **target).request(**target)
    warehouse.marts.put(visit)
    warehouse.publish(visit)

    session, click = warehouse.row("sessions"), warehouse.row("heatmap_points")
    assert (session["ip_address"], session["app_version"]) == (long[:100], long[:50])
    assert click["screen_name"] == long[:255]
    assert {row["element_type"] for row in warehouse.rows("events")} == {long[:100]}
    assert warehouse.row("error_logs")["error_message"] == long
    assert warehouse.row("latency_metrics")["api_endpoint"] == long


def test_numbers_beyond_a_column_become_the_nearest_it_holds(warehouse: Warehouse) -> None:
    visit = Visit(SESSION, session={"duration_ms": 2**64 - 1, "screen_width": 2**32 - 1})
    visit = visit.request(request_duration_ms=2**63 - 1, request_status=-(2**31))
    visit = visit.request(request_duration_ms=-(2**63)).click(2**31 - 1, -(2**31))
    warehouse.marts.put(visit)
    warehouse.marts.add_step(visit, 2**32 - 1)
    warehouse.publish(visit)

    session, point = warehouse.row("sessions"), warehouse.row("heatmap_points")
    assert session["duration_ms"] == 2**63 - 1
    assert session["screen_resolution"] == "4294967295x1080"
    latencies = [row["latency_ms"] for row in warehouse.rows("latency_metrics")]
    assert sorted(latencies) == [-(2**31), 2**31 - 1]
    assert (point["x"], point["y"]) == (2**31 - 1, -(2**31))
    assert max(row["step_number"] for row in warehouse.rows("journey_steps")) == 2**31 - 1


def test_what_postgresql_cannot_hold_in_text_is_left_out(warehouse: Warehouse) -> None:
    visit = Visit(SESSION).event("js_error", error_message="nul \0 gone")
    warehouse.marts.put(visit)
    warehouse.clickhouse.command(
        f"ALTER TABLE {warehouse.marts.database}.events UPDATE error_stack = unhex('61ff62')"
        " WHERE 1 SETTINGS mutations_sync = 1"
    )
    warehouse.publish(visit)

    error = warehouse.row("error_logs")
    assert (error["error_message"], error["stack_trace"]) == ("nul  gone", "a\ufffdb")


@pytest.mark.parametrize("text", ['{"a": "\\u0000"}', '{"a": "\\ud800"}', "not json", "[1]"])
def test_a_payload_postgresql_cannot_read_as_an_object_is_kept_as_text(
    warehouse: Warehouse, text: str
) -> None:
    visit = Visit(SESSION).event("custom", payload=text, custom=text)
    warehouse.marts.put(visit)
    warehouse.publish(visit)

    assert warehouse.row("events")["metadata"] == {"text": text, "custom": {"text": text}}


TEXTS = [
    *("", " ", "null", "7", "1e400000", '"a\\u0000"', '"\\ud83d"', '"\\ud83c\\udf89"', "'a'"),
    *('{"a": 1, "a": 2}', "[01]", '[1, "\\"", "]"]', ' {"b": [{}]} ', "{}{}", "\u20ac", "[" * 5000),
]


def test_text_read_once_is_the_json_that_reading_it_twice_finds(warehouse: Warehouse) -> None:
    rows = warehouse.connection.execute(
        "SELECT text, landing.json_or_null(text)::text,"
        " CASE WHEN pg_input_is_valid(text, 'jsonb') THEN text::jsonb::text END"
        " FROM unnest(%s::text[]) AS text",
        (TEXTS,),
    ).fetchall()
    assert [text for text, once, twice in rows if once != twice] == []
    assert {text for text, once, _ in rows if once is None} > {"", '"a\\u0000"', "{}{}"}


def test_an_event_without_payload_has_empty_metadata(warehouse: Warehouse) -> None:
    visit = Visit(SESSION).event("custom", payload="", custom="")
    warehouse.marts.put(visit)
    warehouse.publish(visit)

    assert warehouse.row("events")["metadata"] == {}


def test_times_are_utc_whatever_the_session_of_the_server_says(warehouse: Warehouse) -> None:
    visit = Visit(SESSION, PROJECT).click().click().click().rage()
    warehouse.marts.put(visit)
    warehouse.connection.execute("SET TIME ZONE 'America/New_York'")
    warehouse.publish(visit)

    rage = warehouse.row("rage_click_events")
    assert rage["first_click_time"] == visit.events[0]["timestamp"].replace(tzinfo=None)
    assert warehouse.row("sessions")["start_time"] == rage["first_click_time"]
