"""The check that compares served tables with the marts."""

from typing import LiteralString

import pytest

from orchestration.publish.agreement import disagreements
from orchestration.publish.agreements import AGREEMENTS
from orchestration.publish.tables import SERVED_TABLES
from tests.integration.publish.stand_in_marts import OTHER_PROJECT, PROJECT, Visit, named
from tests.integration.publish.warehouse import Warehouse


def visit(name: str, project: str = PROJECT) -> Visit:
    """A visit with rows in every table."""
    session = {"user_id": name}
    clicks = Visit(named(name), project, session).click().click(-3, 2**31 - 1).click().rage()
    return clicks.request().request(request_duration_ms=2**40).event("js_error")


def found(warehouse: Warehouse) -> list[str]:
    """What the check says."""
    source = warehouse.marts.source
    differences = disagreements(warehouse.clickhouse, warehouse.connection, source)
    return [str(difference) for difference in differences]


def test_every_table_that_is_made_of_a_mart_is_compared() -> None:
    assert {a.table for a in AGREEMENTS} == {t.name for t in SERVED_TABLES} - {"users"}


def test_what_was_published_agrees_with_the_marts(warehouse: Warehouse) -> None:
    assert found(warehouse) == []
    unscored = Visit(named("unscored"), score={"score": None})
    long = Visit(named("long"), session={"duration_ms": 2**64 - 1})
    visits = [visit("a"), visit("b", OTHER_PROJECT), unscored, long]
    warehouse.marts.put(*visits)
    warehouse.publish(*visits)
    assert found(warehouse) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM traceflow.traceflow_events WHERE event_type = 'error'", "holds 5 rows"),
        ("DELETE FROM traceflow.session_recordings", "session_recordings holds 0 rows, the marts"),
        ("UPDATE traceflow.traceflow_sessions SET duration_ms = 1", "holds other values"),
        ("UPDATE traceflow.session_recordings SET event_count = 9", "holds other values"),
        ("UPDATE traceflow.traceflow_ux_issues SET occurrence_count = 9", "issues holds other"),
        ("UPDATE traceflow.traceflow_ux_issues SET affected_sessions = 9", "issues holds other"),
        ("DELETE FROM traceflow.traceflow_ux_issue_sessions", "ux_issue_sessions holds 0 rows"),
        ("DELETE FROM hxi.journey_steps WHERE step_number = 2", "journey_steps holds 1 rows"),
        ("DELETE FROM hxi.error_logs", "error_logs holds 0 rows, the marts 1"),
        ("UPDATE hxi.sessions SET duration_ms = 1", "sessions holds other values"),
        ("UPDATE hxi.heatmap_points SET x = x + 1", "heatmap_points holds other values"),
        ("UPDATE hxi.rage_click_events SET click_count = 9", "rage_click_events holds other"),
        ("UPDATE hxi.experience_scores SET score = 1", "experience_scores holds other"),
        ("UPDATE hxi.latency_metrics SET latency_ms = 1", "latency_metrics holds other"),
    ],
)
def test_a_change_made_behind_the_pipelines_back_is_noticed(
    warehouse: Warehouse, change: LiteralString, said: str
) -> None:
    warehouse.marts.put(visit("a"))
    warehouse.publish(visit("a"))
    warehouse.connection.execute(change)
    (difference,) = found(warehouse)
    assert said in difference
    assert PROJECT in difference


def test_sessions_the_marts_lost_are_noticed_in_every_table(warehouse: Warehouse) -> None:
    ours, theirs = visit("a"), visit("a", OTHER_PROJECT)
    warehouse.marts.put(ours, theirs)
    warehouse.publish(ours, theirs)
    warehouse.marts.erase(theirs)
    differences = found(warehouse)
    assert len(differences) == len(AGREEMENTS)
    assert all(OTHER_PROJECT in difference for difference in differences)
