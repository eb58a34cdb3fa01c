"""What a publish changes when it is repeated, when sessions change, and when they go."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid5

from orchestration.publish.merge import UNCHANGED
from tests.integration.publish.stand_in_marts import PROJECT, START, Visit, named
from tests.integration.publish.stand_in_marts import whole_visit as visit
from tests.integration.publish.warehouse import Warehouse


def later(visit_now: Visit, days: int) -> Visit:
    """The same visit on another day."""
    moved = [
        event | {"timestamp": event["timestamp"] + timedelta(days=days)}
        for event in visit_now.events
    ]
    return replace(visit_now, events=tuple(moved))


def user_id(name: str) -> UUID:
    """The key of a user."""
    return uuid5(UUID(PROJECT), name)


def test_a_second_publish_writes_nothing(warehouse: Warehouse) -> None:
    visits = [visit("a"), visit("b", user="bob"), Visit(named("anonymous")).click()]
    warehouse.marts.put(*visits)
    warehouse.publish(*visits)
    rows, writes = warehouse.everything(), warehouse.writes()
    versions = warehouse.versions("events")

    changes = warehouse.publish(*visits)

    assert set(changes.values()) == {UNCHANGED}
    assert warehouse.writes() == writes
    assert warehouse.versions("events") == versions
    assert warehouse.everything() == rows


def test_a_changed_session_changes_only_its_own_rows(warehouse: Warehouse) -> None:
    still, before = visit("still"), visit("changing")
    warehouse.marts.put(still, before)
    warehouse.publish(still, before)
    rows, versions = warehouse.everything(), warehouse.versions("events")

    after = before.click(99).event("js_error", error_message="late")
    warehouse.marts.put(after)
    changes = warehouse.publish(still, after)

    assert (changes["events"].inserted, changes["events"].updated) == (2, 0)
    assert (changes["heatmap_points"].inserted, changes["error_logs"].inserted) == (1, 1)
    assert changes["sessions"].updated == 1
    assert changes["rage_click_events"] == changes["latency_metrics"] == UNCHANGED
    assert versions.items() <= warehouse.versions("events").items()
    assert all(row in warehouse.rows("events") for row in rows["events"])


def test_a_changed_row_keeps_its_id(warehouse: Warehouse) -> None:
    before = visit("a")
    warehouse.marts.put(before)
    warehouse.publish(before)
    ids = {row["source_event_id"]: row["event_id"] for row in warehouse.rows("events")}

    renamed = tuple(event | {"path": "/checkout"} for event in before.events)
    after = replace(before, events=renamed)
    warehouse.marts.put(after)
    changes = warehouse.publish(after)

    assert changes["events"].updated == len(before.events)
    assert {row["screen_name"] for row in warehouse.rows("events")} == {"/checkout"}
    assert {row["source_event_id"]: row["event_id"] for row in warehouse.rows("events")} == ids


def test_a_full_refresh_gives_the_rows_and_ids_of_the_parts(warehouse: Warehouse) -> None:
    visits = [visit(f"s{n}", user=f"user {n % 3}") for n in range(7)]
    for one in visits:
        warehouse.marts.put(one)
        warehouse.publish(one)
    in_parts, facts = warehouse.everything(), warehouse.facts()

    changes = warehouse.publish(*visits)

    assert set(changes.values()) == {UNCHANGED}
    assert warehouse.everything() == in_parts
    warehouse.forget()
    warehouse.publish(*visits)
    assert warehouse.facts() == facts


def test_rows_that_left_a_planned_session_are_deleted(warehouse: Warehouse) -> None:
    before = visit("a")
    warehouse.marts.put(before)
    warehouse.publish(before)

    after = replace(before, events=before.events[:2], insights=(), steps=("/",))
    warehouse.marts.put(after)
    changes = warehouse.publish(after)

    assert changes["events"].deleted == 3
    assert changes["rage_click_events"].deleted == 1
    assert changes["heatmap_points"].deleted == 1
    assert changes["latency_metrics"].deleted == changes["error_logs"].deleted == 1
    assert changes["journey_steps"].deleted == 1
    assert changes["sessions"].deleted == 0


def test_an_erased_session_leaves_every_table_and_its_last_user_too(warehouse: Warehouse) -> None:
    erased, other = visit("erased", user="gone"), visit("other", user="bob")
    warehouse.marts.put(erased, other)
    warehouse.publish(erased, other)
    both = warehouse.everything()

    warehouse.marts.erase(erased)
    warehouse.publish(erased)

    left = warehouse.everything()
    assert [row["external_user_id"] for row in left["users"]] == ["bob"]
    assert {row["affected_sessions"] for row in left["traceflow_ux_issues"]} == {1}
    for table in left.keys() - {"users", "traceflow_ux_issues"}:
        expected = [row for row in both[table] if str(row["session_id"]) == str(other.session_id)]
        assert left[table] == expected


def test_rows_of_sessions_outside_the_plan_stay_even_if_the_marts_lost_them(
    warehouse: Warehouse,
) -> None:
    unplanned, planned = visit("unplanned"), visit("planned", user="bob")
    warehouse.marts.put(unplanned, planned)
    warehouse.publish(unplanned, planned)
    rows = warehouse.everything()

    warehouse.marts.erase(unplanned)
    changes = warehouse.publish(planned)

    assert set(changes.values()) == {UNCHANGED}
    assert warehouse.everything() == rows


def test_an_empty_plan_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.marts.put(visit("a"))
    warehouse.publish(visit("a"))

    assert set(warehouse.publish().values()) == {UNCHANGED}


def test_a_user_is_what_all_of_the_users_sessions_show(warehouse: Warehouse) -> None:
    first, last = visit("first", device="mobile"), later(visit("last", device="tablet"), 2)
    warehouse.marts.put(first, last)
    warehouse.publish(last)
    assert warehouse.row("users")["created_at"] == (START + timedelta(days=2)).replace(tzinfo=None)

    warehouse.publish(first)

    user = warehouse.row("users")
    assert user["created_at"] == START.replace(tzinfo=None)
    assert user["device_type"] == "tablet"


def test_a_user_whose_one_session_goes_is_what_the_others_show(warehouse: Warehouse) -> None:
    first, last = visit("first", device="mobile"), later(visit("last", device="tablet"), 2)
    warehouse.marts.put(first, last)
    warehouse.publish(first, last)

    warehouse.marts.erase(last)
    changes = warehouse.publish(last)

    assert changes["users"].updated == 1
    assert warehouse.row("users")["device_type"] == "mobile"


def test_a_session_that_changes_hands_takes_its_old_user_along(warehouse: Warehouse) -> None:
    before = visit("a", user="guest")
    warehouse.marts.put(before)
    warehouse.publish(before)

    after = visit("a", user="ann")
    warehouse.marts.put(after)
    changes = warehouse.publish(after)

    assert (changes["users"].inserted, changes["users"].deleted) == (1, 1)
    assert warehouse.row("users")["user_id"] == user_id("ann")
    assert warehouse.row("sessions")["user_id"] == user_id("ann")


def identified(name: str, **traits: tuple[str, int]) -> Visit:
    """A visit of ann in which each trait was told, last at a second of that day."""
    told = {
        name: {"value": value, "at": f"2026-03-29 00:00:{second:02}.000"}
        for name, (value, second) in traits.items()
    }
    session = {"user_id": "ann", "traits": json.dumps(told)}
    return Visit(named(name), session=session).click()


def test_a_user_has_each_trait_as_it_was_told_last_in_whichever_session(
    warehouse: Warehouse,
) -> None:
    one = identified("a", email=("a@shop.test", 1), plan=("free", 9))
    other = identified("b", email=("b@shop.test", 5), plan=("pro", 3), seats=("2", 1))
    warehouse.marts.put(one, other, visit("c"))
    for planned in (other, visit("c"), one):  # whichever comes late
        warehouse.publish(planned)

    user = warehouse.row("users")
    assert user["traits"] == {"email": "b@shop.test", "plan": "free", "seats": "2"}
    assert user["email"] == "b@shop.test"

    warehouse.marts.erase(other)
    assert warehouse.publish(other)["users"].updated == 1
    assert warehouse.row("users", "email, traits") == {
        "email": "a@shop.test",
        "traits": {"email": "a@shop.test", "plan": "free"},
    }


def test_what_is_no_address_is_no_email(warehouse: Warehouse) -> None:
    odd = identified("a", email=("unknown", 1), Email=("x" * 300 + "@shop.test", 2), e=("1@2", 3))
    warehouse.marts.put(odd)
    warehouse.publish(odd)
    assert warehouse.row("users")["email"] is None
    plain = Visit(named("a"), session={"user_id": "ann", "traits": "no JSON"}).click()
    warehouse.marts.put(plain)
    warehouse.publish(plain)
    assert warehouse.row("users", "email, traits") == {"email": None, "traits": {}}
