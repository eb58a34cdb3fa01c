"""What a publish brings to each served table, seen on real stores."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from orchestration.publish.merge import UNCHANGED
from tests.integration.publish.stand_in_marts import (
    OTHER_PROJECT,
    PROJECT,
    START,
    Visit,
    named,
)
from tests.integration.publish.warehouse import Warehouse

SESSION = named("session")
START_UTC = START.replace(tzinfo=None)


def visit(session_id: UUID = SESSION, project_id: str = PROJECT) -> Visit:
    """A page view, three clicks that make a rage click, a request and an error."""
    return (
        Visit(session_id, project_id, session={"user_id": "ann"})
        .event("page_view", scroll_top=0)
        .click()
        .click(11)
        .click(12)
        .rage()
        .request()
        .event("js_error", error_message="x is undefined", error_stack="at cart.js:1")
    )


def second(number: int) -> datetime:
    """The time of a visit's event."""
    return START_UTC + timedelta(seconds=number)


def test_every_mart_row_of_the_plan_arrives(warehouse: Warehouse) -> None:
    visits = [visit(named(f"session {n}")) for n in range(3)]
    warehouse.marts.put(*visits)

    changes = warehouse.publish(*visits)

    assert {name: change.inserted for name, change in changes.items()} == {
        "users": 1,
        "sessions": 3,
        "events": 18,
        "rage_click_events": 3,
        "heatmap_points": 9,
        "journey_steps": 6,
        "latency_metrics": 3,
        "experience_scores": 3,
        "error_logs": 3,
        "emotion_predictions": 3,
        "session_replay_chunks": 3,
        "traceflow_sessions": 3,
        "traceflow_events": 18,
        "session_recordings": 3,
        "traceflow_ux_issue_sessions": 6,
        "traceflow_ux_issues": 2,
    }
    assert {name: len(rows) for name, rows in warehouse.everything().items()} == {
        name: change.inserted for name, change in changes.items()
    }


def test_sessions_outside_the_plan_are_not_copied(warehouse: Warehouse) -> None:
    planned, other = visit(named("planned")), visit(named("other"))
    warehouse.marts.put(planned, other)

    assert warehouse.copy(planned)["events"] == len(planned.events)


def test_a_user_is_keyed_by_uuid5_of_project_and_user_id(warehouse: Warehouse) -> None:
    names = ["ann", "Zoë ✨", "x" * 300]
    visits = [Visit(named(name), session={"user_id": name}) for name in names]
    warehouse.marts.put(*visits)
    warehouse.publish(*visits)

    served = {row["user_id"]: row["external_user_id"] for row in warehouse.rows("users")}
    assert served == {uuid5(UUID(PROJECT), name): name[:255] for name in names}


def test_users_that_differ_beyond_the_cut_stay_two(warehouse: Warehouse) -> None:
    visits = [Visit(named(end), session={"user_id": "x" * 255 + end}) for end in "ab"]
    warehouse.marts.put(*visits)
    warehouse.publish(*visits)

    assert len(warehouse.rows("users")) == 2
    assert len({row["user_id"] for row in warehouse.rows("sessions")}) == 2


def test_a_session_row_has_the_documents_columns(warehouse: Warehouse) -> None:
    told = {"device_id": "d-1", "is_new_user": True, "end_reason": "close", "dimension_1": "gold"}
    told |= {"user_id": "ann", "referrer_domain": "search.test"}
    whole = replace(visit(), session=told)
    warehouse.marts.put(whole)
    warehouse.publish(whole)

    assert warehouse.row("sessions") == {
        "project_id": UUID(PROJECT),
        "session_id": SESSION,
        "user_id": uuid5(UUID(PROJECT), "ann"),
        "device_id": "d-1",
        "ip_address": "203.0.113.9",
        "user_agent": "Mozilla/5.0",
        "start_time": START_UTC,
        "end_time": second(5),
        "duration_ms": 5000,
        "screen_resolution": "1920x1080",
        "app_version": "1.0",
        "device_type": "desktop",
        "locale": "en-GB",
        "is_new_user": True,
        "is_excluded": False,
        "referrer_domain": "search.test",
        "end_reason": "close",
        "dimension_1": "gold",
        **dict.fromkeys(f"dimension_{n}" for n in range(2, 6)),
        "traits": None,
    }


def test_an_anonymous_session_has_no_user_and_unknowns_are_null(warehouse: Warehouse) -> None:
    unknown = {"ip": "", "screen_width": 0, "app_version": "", "device_type": "", "language": ""}
    anonymous = Visit(SESSION, session=unknown)
    warehouse.marts.put(anonymous)
    warehouse.publish(anonymous)

    columns = "user_id, ip_address, screen_resolution, app_version, device_type, locale"
    assert set(warehouse.row("sessions", columns).values()) == {None}
    assert warehouse.rows("users") == []


def test_a_rage_click_names_its_element_count_and_times(warehouse: Warehouse) -> None:
    warehouse.marts.put(visit())
    warehouse.publish(visit())

    row = warehouse.row("rage_click_events")
    assert (row["element_id"], row["screen_name"], row["click_count"]) == ("buy", "/cart", 3)
    assert (row["first_click_time"], row["last_click_time"]) == (second(1), second(3))
    assert row["detected_at"] == second(3)


def test_a_rage_click_on_an_element_without_id_names_its_selector(warehouse: Warehouse) -> None:
    nameless = Visit(SESSION)
    for _ in range(3):
        nameless = nameless.click(target_id=None)
    nameless = nameless.rage()
    warehouse.marts.put(nameless)
    warehouse.publish(nameless)

    assert warehouse.row("rage_click_events")["element_id"] == "#buy > span"
    assert {row["element_id"] for row in warehouse.rows("events")} == {"#buy > span"}


def test_clicks_with_a_position_and_scrolls_with_an_offset_become_heatmap_points(
    warehouse: Warehouse,
) -> None:
    clicks = Visit(SESSION).click(-5, 70).click(click_x=None, click_y=None).event("dblclick")
    points = clicks.event("scroll", scroll_top=900).event("scroll").event("page_exit", scroll_top=1)
    warehouse.marts.put(points)
    warehouse.publish(points)

    assert warehouse.rows("heatmap_points", "kind, x, y, weight, event_time") == [
        {"kind": "click", "x": -5, "y": 70, "weight": 1.0, "event_time": second(0)},
        {"kind": "scroll", "x": None, "y": 900, "weight": 1.0, "event_time": second(3)},
    ]


def test_requests_become_latencies_without_query_and_websockets_do_not(
    warehouse: Warehouse,
) -> None:
    requests = Visit(SESSION).request().event("websocket", request_url="wss://api.test/live")
    warehouse.marts.put(requests)
    warehouse.publish(requests)

    row = warehouse.row("latency_metrics")
    assert row["api_endpoint"] == "https://api.test/v1/cart"
    assert (row["latency_ms"], row["status_code"], row["recorded_at"]) == (120, 200, second(0))


def test_scores_keep_their_issues_and_unscored_sessions_their_reason(warehouse: Warehouse) -> None:
    scored = Visit(named("scored")).click()
    unscored = Visit(
        named("unscored"),
        score={"score": None, "issues": "[]", "not_scored_reason": "no evidence"},
    )
    warehouse.marts.put(scored, unscored)
    warehouse.publish(scored, unscored)

    rows = {row["session_id"]: row for row in warehouse.rows("experience_scores")}
    assert rows[scored.session_id]["score"] == 88
    assert rows[scored.session_id]["issues"] == [{"code": "rage_click", "deduction": 12}]
    assert rows[scored.session_id]["generated_at"] == second(0)
    assert rows[unscored.session_id]["score"] is None
    assert rows[unscored.session_id]["not_scored_reason"] == "no evidence"


def test_errors_arrive_with_message_and_stack(warehouse: Warehouse) -> None:
    warehouse.marts.put(visit())
    warehouse.publish(visit())

    row = warehouse.row("error_logs")
    assert (row["error_message"], row["stack_trace"]) == ("x is undefined", "at cart.js:1")
    assert row["occurred_at"] == second(5)


def test_event_metadata_is_the_payload_with_custom_dimensions(warehouse: Warehouse) -> None:
    event = Visit(SESSION).event("custom", payload='{"name": "buy"}', custom='{"plan": "pro"}')
    warehouse.marts.put(event)
    warehouse.publish(event)

    assert warehouse.row("events")["metadata"] == {"name": "buy", "custom": {"plan": "pro"}}


def test_two_projects_with_equal_session_ids_stay_apart(warehouse: Warehouse) -> None:
    ours, theirs = visit(SESSION, PROJECT), visit(SESSION, OTHER_PROJECT)
    warehouse.marts.put(ours, theirs)
    warehouse.publish(ours, theirs)
    before = warehouse.everything()

    warehouse.marts.erase(ours)
    changes = warehouse.publish(ours)

    assert UNCHANGED not in changes.values()
    assert warehouse.everything() == {
        name: [row for row in rows if row["project_id"] == UUID(OTHER_PROJECT)]
        for name, rows in before.items()
    }
    assert len(before["users"]) == 2
