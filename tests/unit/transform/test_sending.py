"""Compiled statements are sent in the order of what reads what, and what fails is named."""

import threading
from collections.abc import Callable
from dataclasses import replace

import dagster as dg
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from orchestration.transform import sending
from orchestration.transform.compiled import Compiled, DataTest, delete
from orchestration.transform.project import CLICKHOUSE
from orchestration.transform.reporting import DbtRunError, Event
from orchestration.transform.sending import Build, Engine, Row, send

NODES = {
    node["name"]: node
    for node in CLICKHOUSE.manifest()["nodes"].values()
    if node["resource_type"] in {"model", "seed", "test"}
}
MODELS = ("sessions", "experience_scores", "page_views")
TESTS = [
    node
    for node in NODES.values()
    if node.get("attached_node") == NODES["sessions"]["unique_id"]
    and node["resource_type"] == "test"
][:3]
PLAN = 12


def named(*names: str) -> list[str]:
    return [NODES[name]["unique_id"] for name in names]


def data_test(sql: str = "select 1 where 0") -> DataTest:
    return DataTest(sql, "ERROR", "count(*)", "!= 0", "!= 0")


COMPILED = Compiled(
    made_from="",
    live="",
    inserts={name: f"insert {name}" for name in named(*MODELS)},
    tests={node["unique_id"]: data_test(node["name"]) for node in TESTS},
)
BUILD = Build(CLICKHOUSE, named(*MODELS, "int_sessions_deductions"), PLAN, sessions=5_000)


class Fake:
    """An engine that holds rows of the plan in page_views, and answers tests by `failing`."""

    def __init__(self, failing: Callable[[str], int] = lambda _: 0) -> None:
        self.commands: list[str] = []
        self.asked = 0
        self.failing = failing
        self.lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        return Engine(self.query, self.command)

    def command(self, statement: str) -> int:
        with self.lock:
            self.commands.append(statement)
        return 7

    def query(self, statement: str) -> list[Row]:
        if "dbt_internal_test" not in statement:
            return [(NODES["page_views"]["unique_id"],)]
        with self.lock:
            self.asked += 1
        asked = [node for node in TESTS if f"'{node['unique_id']}' as test" in statement]
        counts = [(node["unique_id"], self.failing(node["name"])) for node in asked]
        return [(name, count, count > 0, count > 0) for name, count in counts]


def test_a_table_is_written_after_those_it_reads_and_rows_of_the_plan_go_first() -> None:
    fake = Fake()
    events = list(send(BUILD, COMPILED, fake.engine))
    sessions, scores, views = (f"insert {name}" for name in named(*MODELS))
    assert fake.commands.index(sessions) < fake.commands.index(scores)
    place = fake.commands.index(delete(NODES["page_views"], PLAN))
    assert place < fake.commands.index(views)
    assert len(fake.commands) == 4
    made = [event for event in events if isinstance(event, dg.MaterializeResult)]
    assert len(made) == 4, "the view too"
    assert sorted(str((event.metadata or {})["rows_written"]) for event in made) == list("0777")
    checks = [event for event in events if isinstance(event, dg.AssetCheckResult)]
    assert [check.passed for check in checks] == [True] * len(TESTS)


@pytest.mark.parametrize(("sessions", "threads"), [(1, 4), (5_000, 2)])
def test_what_the_longest_chain_waits_for_is_written_first(sessions: int, threads: int) -> None:
    days = ("scroll_depth_mv", "events_hourly_mv", "element_clicks_mv", "click_heatmap_mv")
    chain = ("sessions", "experience_scores", "behaviour_states")
    names = named(*days, *chain)
    compiled = replace(COMPILED, inserts={name: f"insert {name}" for name in names}, tests={})
    fake, at_once = Fake(), threading.Barrier(threads)

    def command(statement: str) -> int:
        rows = fake.command(statement)
        if len(fake.commands) <= threads:
            at_once.wait(30)
        return rows

    build = Build(CLICKHOUSE, names, PLAN, sessions)
    list(send(build, compiled, Engine(fake.query, command)))
    assert f"insert {named('sessions')[0]}" in fake.commands[:threads]
    assert len(fake.commands) == len(names)


@pytest.mark.parametrize(("sessions", "statements"), [(1, 2), (5_000, 1)])
def test_a_test_that_fails_is_named_and_the_others_pass(
    sessions: int, statements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MANY_TESTS", len(TESTS))
    name = TESTS[1]["name"]
    fake, told = Fake(lambda test: 2 * (test == name)), list[Event]()
    with pytest.raises(DbtRunError, match=f"{name}: Got 2 results, configured to fail if != 0"):
        told.extend(send(replace(BUILD, sessions=sessions), COMPILED, fake.engine))
    assert fake.asked == statements
    checks = [event for event in told if isinstance(event, dg.AssetCheckResult)]
    assert sorted(check.passed for check in checks) == [False, True, True]


def test_a_test_that_only_warns_lets_the_run_go_on() -> None:
    warns = {TESTS[0]["unique_id"]: replace(data_test(), severity="warn")}
    list(send(BUILD, replace(COMPILED, tests=warns), Fake(lambda _: 1).engine))


def test_a_statement_that_the_engine_refuses_is_named() -> None:
    fake, broken = Fake(), TESTS[2]["name"]

    def query(statement: str) -> list[Row]:
        if broken in statement and "dbt_internal_test" in statement:
            raise DatabaseError("no such column")
        return list(fake.query(statement))

    with pytest.raises(DbtRunError, match=f"clickhouse: {broken}: no such column$"):
        list(send(BUILD, COMPILED, Engine(query, fake.command)))

    def command(statement: str) -> int:
        if statement == f"insert {named('sessions')[0]}":
            raise DatabaseError("disk full")
        return fake.command(statement)

    fake.commands.clear()
    with pytest.raises(DbtRunError, match="clickhouse: sessions: disk full"):
        list(send(BUILD, COMPILED, Engine(fake.query, command)))
    assert f"insert {named('experience_scores')[0]}" not in fake.commands
