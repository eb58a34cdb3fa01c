"""UX issues: rolled up from every session of a project, whichever of them a publish brings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from hxi.admin.folder import CHECKOUT
from orchestration.publish.issues import ISSUE_TYPES
from orchestration.publish.merge import UNCHANGED
from tests.integration.publish.stand_in_marts import OTHER_PROJECT, START, Visit, named
from tests.integration.publish.warehouse import Warehouse

ISSUES, MET = "traceflow_ux_issues", "traceflow_ux_issue_sessions"


def visit(name: str, user: str = "", project: str | None = None) -> Visit:
    """A visit with one click."""
    made = Visit(named(name), session={"user_id": user})
    return replace(made, project_id=project or made.project_id).click()


def issue(warehouse: Warehouse) -> dict[str, Any]:
    """The only issue."""
    return warehouse.row(ISSUES)


def published(warehouse: Warehouse, *visits: Visit) -> None:
    """Into the marts and on."""
    warehouse.marts.put(*visits)
    warehouse.publish(*visits)


def test_an_issue_counts_charged_detections_of_its_type_page_and_selector(
    warehouse: Warehouse,
) -> None:
    later = START + timedelta(days=1)
    met = [
        visit("a", "ann").insight("dead_click").insight("dead_click"),
        visit("b", "ann").insight("dead_click", timestamp=later),
        visit("c").insight("dead_click").insight("dead_click", charged=False),
        visit("d").insight("u_turn").insight("error_click").insight("thrashed_cursor"),
    ]
    published(warehouse, *met)

    row = issue(warehouse)
    assert row["issue_type"] == "dead_click"
    assert (row["page_url"], row["element_selector"]) == ("/cart", "#buy > span")
    assert (row["occurrence_count"], row["affected_sessions"], row["affected_users"]) == (4, 3, 1)
    assert (row["first_detected_at"], row["last_detected_at"]) == (START, later)
    assert (row["status"], row["session_id"], row["id"]) == ("open", None, row["issue_key"])
    assert row["ai_description"]
    assert row["ai_recommendation"]


def test_each_type_page_and_selector_is_an_issue_of_its_own_in_each_project(
    warehouse: Warehouse,
) -> None:
    many = visit("a").insight("rage_click").insight("slow_page").insight("form_abandonment")
    many = many.insight("rage_click", path="/").insight("rage_click", target_selector=None)
    many = many.event("js_error").event("console_error", path="").event("resource_error")
    published(warehouse, many, replace(visit("a", project=OTHER_PROJECT).event("js_error")))

    found = sorted(
        (str(row["project_id"])[0], row["issue_type"], row["page_url"] or "", count)
        for row in warehouse.rows(ISSUES)
        for count in [row["occurrence_count"]]
    )
    assert found == [
        ("1", "error", "", 1),
        ("1", "error", "/cart", 2),
        ("1", "form_abandonment", "/cart", 1),
        ("1", "rage_click", "/", 1),
        ("1", "rage_click", "/cart", 1),
        ("1", "rage_click", "/cart", 1),
        ("1", "slow_load", "/cart", 1),
        ("2", "error", "/cart", 1),
    ]


def test_places_that_differ_beyond_any_cut_are_two_issues(warehouse: Warehouse) -> None:
    published(warehouse, visit("a").insight("dead_click", path="x" * 9000 + "1"))
    published(warehouse, visit("b").insight("dead_click", path="x" * 9000 + "2"))
    assert len(warehouse.rows(ISSUES)) == 2


@pytest.fixture(name="levels")
def levels_of(warehouse: Warehouse) -> Any:
    """Severity by type, of issues met by so many of 100 sessions of one day."""

    def levels(insight_type: str, affected: int) -> str:
        met = [visit(str(n)).insight(insight_type) for n in range(affected)]
        published(warehouse, *met, *(visit(str(n)) for n in range(affected, 100)))
        return str(issue(warehouse)["severity"])

    return levels


def test_severity_is_the_points_of_score_an_issue_costs_the_average_session(levels: Any) -> None:
    # A rage click costs 12 points: 2, 0.5 and 0.1 points on average are the limits.
    assert [levels("rage_click", n) for n in (17, 16, 5, 4)] == [
        *("critical", "high"),
        *("high", "medium"),
    ]


def test_few_sessions_make_no_grave_issue(warehouse: Warehouse) -> None:
    published(warehouse, visit("a").insight("rage_click"), visit("b").insight("rage_click"))
    assert issue(warehouse)["severity"] == "medium"
    published(warehouse, visit("c").insight("rage_click"))
    assert issue(warehouse)["severity"] == "high"


def test_sessions_of_other_days_do_not_hide_an_issue(warehouse: Warehouse) -> None:
    days_later = [
        {"timestamp": START + timedelta(days=9), "event_id": named(str(n)), "event_type": "click"}
        for n in range(50)
    ]
    others = [replace(visit(f"o{n}"), events=(event,)) for n, event in enumerate(days_later)]
    published(warehouse, *(visit(str(n)).insight("rage_click") for n in range(12)), *others)
    assert issue(warehouse)["severity"] == "critical"


def test_a_session_without_the_issue_can_make_it_less_severe(warehouse: Warehouse) -> None:
    published(warehouse, *(visit(str(n)).insight("rage_click") for n in range(12)))
    assert issue(warehouse)["severity"] == "critical"
    calm = [visit(f"calm {n}") for n in range(80)]
    warehouse.marts.put(*calm)
    changes = warehouse.publish(*calm)
    assert issue(warehouse)["severity"] == "high"
    assert (changes[ISSUES].updated, changes[MET]) == (1, UNCHANGED)


def test_weights_are_those_of_the_experience_score() -> None:
    seed = (CHECKOUT / "dbt_project" / "seeds" / "experience_score_weights.csv").read_text()
    weights = dict(line.split(",")[:2] for line in seed.split())
    scored = {"error": "js_error", "dead_click": "dead_click_observed"}
    compared = {
        kind.name: weights.get(scored.get(kind.name, kind.name))
        for kind in ISSUE_TYPES
        if kind.name != "slow_load"
    }
    assert compared == {k.name: str(k.weight) for k in ISSUE_TYPES if k.name != "slow_load"}


def test_an_issue_that_is_gone_is_deleted_unless_a_person_has_dealt_with_it(
    warehouse: Warehouse,
) -> None:
    two = visit("a").insight("dead_click").insight("dead_click", path="/other")
    published(warehouse, two)
    warehouse.connection.execute(
        "UPDATE traceflow.traceflow_ux_issues SET status = 'in_progress' WHERE page_url = '/cart'"
    )
    ids = {row["page_url"]: row["id"] for row in warehouse.rows(ISSUES)}

    published(warehouse, visit("a"))
    row = issue(warehouse)
    assert (row["page_url"], row["status"], row["severity"]) == ("/cart", "in_progress", "low")
    assert (row["occurrence_count"], row["affected_sessions"], row["affected_users"]) == (0, 0, 0)

    published(warehouse, two)
    assert {row["page_url"]: row["id"] for row in warehouse.rows(ISSUES)} == ids
    assert {row["occurrence_count"] for row in warehouse.rows(ISSUES)} == {1}


def test_what_people_and_services_wrote_into_an_issue_survives(warehouse: Warehouse) -> None:
    published(warehouse, visit("a").insight("dead_click"))
    owner = warehouse.connection.execute(
        "INSERT INTO gosight.users (email, password_hash) VALUES ('a@shop.test', '-') RETURNING id"
    ).fetchone()
    assert owner is not None
    at = datetime(2026, 5, 1, tzinfo=UTC)
    written = {
        "status": "resolved",
        "resolved_at": at,
        "resolved_by": owner[0],
        "updated_at": at,
        "ai_description": "It is the overlay.",
        "ai_recommendation": "Remove it.",
        "ai_code_suggestion": "-",
        "component": "Cart",
        "estimated_revenue_impact": 5,
    }
    names = ", ".join(written)
    marks = ", ".join(f"%({name})s" for name in written)
    query = f"UPDATE traceflow.traceflow_ux_issues SET ({names}) = ROW ({marks})"
    warehouse.connection.execute(query.encode(), written)
    warehouse.connection.execute(
        "INSERT INTO traceflow.traceflow_ux_issues (project_id, issue_type, page_url)"
        " SELECT project_id, 'slow_load', '/by a service' FROM traceflow.traceflow_ux_issues"
    )

    published(warehouse, visit("b").insight("dead_click"))
    published(warehouse, visit("a"))

    rows = {row["page_url"]: row for row in warehouse.rows(ISSUES)}
    assert rows.keys() == {"/cart", "/by a service"}
    assert {name: rows["/cart"][name] for name in written} == written
    assert rows["/cart"]["affected_sessions"] == 1


def test_any_history_of_publishes_ends_as_one_publish_of_all(
    warehouse: Warehouse, fresh: Warehouse
) -> None:
    random = Random(7)
    kinds = ["rage_click", "dead_click", "slow_page", "form_abandonment"]
    now: dict[str, Visit] = {}

    def changed(name: str) -> Visit:
        made = visit(name, random.choice(["", "ann", "bob"]))
        for _ in range(random.randrange(3)):
            day = START + timedelta(days=random.randrange(3))
            made = made.insight(random.choice(kinds), timestamp=day, path=random.choice("ab"))
        return made.event("js_error") if random.random() < 0.5 else made

    for _ in range(12):
        plan = random.sample([f"s{n}" for n in range(9)], 3)
        new = {name: changed(name) for name in plan}
        erased = random.choice(plan)
        warehouse.marts.put(*new.values())
        warehouse.marts.erase(new[erased])
        warehouse.publish(*new.values())
        now |= new
        del now[erased]

    assert len(now) > 4
    by_parts = warehouse.facts()
    assert by_parts[ISSUES]
    fresh.publish(*now.values())
    assert by_parts == fresh.facts()
    assert set(warehouse.publish(*now.values()).values()) == {UNCHANGED}
