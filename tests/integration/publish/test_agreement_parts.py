"""The part of a large warehouse that one run compares."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from uuid import UUID

import pytest

from orchestration.publish import parts
from orchestration.publish.agreement import disagreements
from orchestration.publish.parts import EVERYTHING, LANDED, Part, due, slice_of
from orchestration.stores.clients import integer
from tests.integration.publish.stand_in_marts import OTHER_PROJECT, PROJECT, Visit, named
from tests.integration.publish.warehouse import Warehouse

SLICES = 16  # of so few sessions
VISITS = [
    Visit(named(f"{number}"), PROJECT if number % 3 else OTHER_PROJECT).click()
    for number in range(50)
]
TABLES = (
    "hxi.sessions",
    "hxi.events",
    "traceflow.traceflow_sessions",
    "traceflow.traceflow_events",
)


@pytest.fixture(autouse=True)
def _few_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "SLICES", SLICES)


@pytest.fixture
def served(warehouse: Warehouse) -> Warehouse:
    """Fifty sessions of two projects, published."""
    warehouse.marts.put(*VISITS)
    warehouse.publish(*VISITS)
    return warehouse


def found(warehouse: Warehouse, compared: Sequence[Part]) -> list[str]:
    """What is said of these parts."""
    client, source = warehouse.clickhouse, warehouse.marts.source
    return [str(one) for one in disagreements(client, warehouse.connection, source, compared)]


def slices(warehouse: Warehouse) -> list[Part]:
    """All of them."""
    return [
        slice_of(warehouse.clickhouse, number, warehouse.marts.source) for number in range(SLICES)
    ]


def test_every_session_is_in_one_slice_and_slices_are_of_one_size(served: Warehouse) -> None:
    sessions = f"SELECT count() FROM {served.marts.source.marts}.sessions"
    counts = [
        integer(served.clickhouse, f"{sessions} WHERE {one.of_marts(served.marts.source)}")
        for one in slices(served)
    ]
    assert sum(counts) == len(VISITS)
    assert set(counts) == {3, 4}


def test_both_stores_mean_the_same_sessions_by_a_slice(served: Warehouse) -> None:
    assert [found(served, [one]) for one in slices(served)] == [[]] * SLICES


@pytest.mark.parametrize("visit", [VISITS[0], VISITS[1], VISITS[17], VISITS[49]])
def test_what_changed_in_a_session_is_noticed_by_its_slice_alone(
    served: Warehouse, visit: Visit
) -> None:
    served.connection.execute("SET session_replication_role = replica")
    for table in TABLES:
        served.connection.execute(
            f"DELETE FROM {table} WHERE session_id::text = %s".encode(), (str(visit.session_id),)
        )
    (said,) = [lines for one in slices(served) if (lines := found(served, [one]))]
    assert {line.partition(" holds ")[0] for line in said} == set(TABLES)
    assert len(said) == len(TABLES)
    assert all(visit.project_id in line for line in said)


def test_sessions_that_no_mart_has_are_noticed_once_wherever_they_sort(served: Warehouse) -> None:
    nobody = "99999999-9999-4999-8999-999999999999"
    for project in (PROJECT, OTHER_PROJECT, nobody):
        for session in (UUID(int=1), UUID(int=(1 << 128) - 1)):
            served.connection.execute(
                "INSERT INTO hxi.sessions (project_id, session_id, start_time, end_time,"
                " duration_ms) VALUES (%s, %s, now(), now(), 0)",
                (project, session),
            )
    client, source = served.clickhouse, served.marts.source
    surplus: Counter[str] = Counter()
    for part in slices(served):
        for one in disagreements(client, served.connection, source, [part]):
            surplus[one.project_id] += one.served[0] - one.expected[0]
    assert surplus == {PROJECT: 2, OTHER_PROJECT: 2, nobody: 2}


def test_a_planned_session_is_compared_whosever_turn_it_is(
    served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "FEW_SESSIONS", 0)
    client, source = served.clickhouse, served.marts.source
    served.publish(VISITS[7])
    served.connection.execute(
        "UPDATE hxi.sessions SET duration_ms = 77777 WHERE session_id = %s", (VISITS[7].session_id,)
    )
    for turn, others in enumerate(slices(served)):
        assert due(client, 1, partial(int, turn), source) == (LANDED, others)
    assert found(served, [LANDED])


def test_runs_that_plan_nothing_come_round_to_every_slice(
    served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "FEW_SESSIONS", 0)
    client, source = served.clickhouse, served.marts.source
    turns = [due(client, 0, partial(int, turn), source) for turn in range(SLICES)]
    assert {one for (one,) in turns} == set(slices(served))


def test_a_run_within_a_turn_compares_what_it_planned_alone(
    served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "FEW_SESSIONS", 0)
    client, source = served.clickhouse, served.marts.source
    assert due(client, 1, lambda: None, source) == (LANDED,)
    assert due(client, 0, lambda: None, source) == ()


def test_few_sessions_or_a_large_plan_are_compared_with_everything(
    served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, source = served.clickhouse, served.marts.source
    assert due(client, 1, int, source) == (EVERYTHING,)
    monkeypatch.setattr(parts, "FEW_SESSIONS", 0)
    assert due(client, 4, int, source) == (EVERYTHING,)
    assert due(client, 3, int, source) != (EVERYTHING,)


def test_issues_are_compared_whole_in_every_run(warehouse: Warehouse) -> None:
    visit = Visit(named("angry")).click().rage()
    warehouse.marts.put(*VISITS, visit)
    warehouse.publish(*VISITS, visit)
    warehouse.connection.execute("UPDATE traceflow.traceflow_ux_issues SET occurrence_count = 9")
    for one in slices(warehouse):
        assert found(warehouse, [one]) == [
            f"traceflow.traceflow_ux_issues holds other values (project {PROJECT})"
        ]
