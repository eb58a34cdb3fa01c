"""What one run sends to ClickHouse: as few statements as it needs, and those that dbt would."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from uuid import uuid4

import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from hxi.admin.endpoints import Endpoints
from hxi.load import load_batches
from orchestration.erasure.clickhouse import masked
from orchestration.lease.statements import end_earlier
from orchestration.rebuild import dead_rows
from orchestration.run.refresh import refresh
from orchestration.transform import compiled
from simulate import Plan, generate
from stack.embedded import Stack
from tests.conftest import variables_of

# What a run of one new session takes at most: 111, and six more where there are visits of SDKs that
# tell no session, as other tests leave them. Say why when it must be more.
STATEMENTS = 120
COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
OF_TEST = re.compile(r"from \(\s*(.*)\s*\) dbt_internal_test\s*$", re.DOTALL)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def built(stack: Stack) -> Iterator[Endpoints]:
    """A project with a few sessions that a run has built; runs here work on it."""
    with variables_of(stack.endpoints):
        with psycopg.connect(stack.endpoints.postgres_dsn, autocommit=True) as connection:
            _, _, key = projects.create(connection, f"statements {uuid4().hex}")
        endpoints = replace(stack.endpoints, project_key=key)
        load_batches(endpoints, generate(Plan(4, days=1, seed=77)))
        refresh()
        yield endpoints


def sent(client: Client, since: str) -> list[str]:
    """Statements since then, without SET and USE of the embedded server and ingest's SELECT 1."""
    client.command("SYSTEM FLUSH LOGS")
    rows = client.query(
        "SELECT query FROM system.query_log WHERE type != 'QueryStart'"
        " AND query_kind NOT IN ('Set', 'Use')"
        " AND NOT match(query, '^(SYSTEM |SELECT 1\\\\s*$)')"
        " AND event_time_microseconds > toDateTime64({since:String}, 6)",
        parameters={"since": since},
    ).result_rows
    return [COMMENT.sub("", str(query)).strip() for (query,) in rows]


def now(client: Client) -> str:
    return str(client.command("SELECT toString(now64(6))"))


def writes(statements: list[str]) -> set[str]:
    """Of models, whatever the plan's number; white space says nothing."""
    return {
        re.sub(r"plan_id = \d+", "plan_id = N", " ".join(one.split()))
        for one in statements
        if one.startswith(("insert into", "delete from"))
    }


def test_a_run_of_one_session_sends_few_statements(built: Endpoints, clickhouse: Client) -> None:
    load_batches(built, generate(Plan(1, days=1, seed=78)))
    since = now(clickhouse)
    assert refresh().planned_sessions == 1
    statements = sent(clickhouse, since)
    told = "\n".join(one[:150] for one in sorted(statements))
    assert len(statements) <= STATEMENTS, f"{len(statements)} statements:\n{told}"


def test_what_is_sent_without_dbt_is_what_dbt_build_sends(
    built: Endpoints, clickhouse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((day,),) = clickhouse.query("SELECT max(event_date) FROM gosight.events").result_rows
    runs = {}
    for way in (compiled.DBT, compiled.COMPILED):
        monkeypatch.setenv(compiled.VARIABLE, way)
        since = now(clickhouse)
        assert refresh(days=[date.fromisoformat(str(day))]).planned_sessions > 0
        runs[way] = sent(clickhouse, since)
    by_dbt, by_us = runs[compiled.DBT], runs[compiled.COMPILED]

    assert len(writes(by_dbt)) >= 40, "inserts and deletes of all marts"
    assert writes(by_us) == writes(by_dbt)
    tests = [found[1].strip() for one in by_dbt if (found := OF_TEST.search(one))]
    together = [one for one in by_us if "dbt_internal_test" in one]
    assert len(tests) > 40
    assert len(together) == 3, "those of events, and in two parts those of the marts"
    assert [test for test in tests if not any(test in one for one in together)] == []


def test_a_large_plan_leaves_no_dead_rows_in_the_tables(
    built: Endpoints, clickhouse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((day,),) = clickhouse.query("SELECT max(event_date) FROM gosight.events").result_rows
    monkeypatch.setattr(dead_rows, "LARGE", 1)
    monkeypatch.setattr(dead_rows, "MUCH", 1_000_000)
    with monkeypatch.context() as refused:
        refused.setattr(dead_rows, "masked", lambda _: ["gosight.that_is_not_there"])
        assert refresh(days=[date.fromisoformat(str(day))]).failed_checks == (), "it is whole"
    assert refresh(days=[date.fromisoformat(str(day))]).planned_sessions > 0
    end_earlier(clickhouse, fence=0)  # it waits for what was begun
    assert [table for table in masked(clickhouse) if table.startswith("gosight.")] == []
