"""`hxi plan` and `hxi diff` say what a run then does, and touch nothing."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client

from hxi.admin import clients, projects
from hxi.admin.endpoints import Endpoints
from hxi.diff import diff as hxi_diff
from hxi.load import load_batches
from hxi.plan import plan as hxi_plan
from hxi.project import project as hxi_project
from orchestration.preview.diff import Question, diff
from orchestration.preview.differences import as_text
from orchestration.preview.models import UnknownModelError, key, models
from orchestration.preview.names import DATABASE
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack
from tests.conftest import TestProject, variables_of
from tests.e2e.pages_site import served, signed_in

pytestmark = pytest.mark.timeout(900)

Rows = Mapping[str, Mapping[tuple[str, ...], tuple[str, ...]]]


class ForcedError(Exception):
    """Stands for whatever stops a comparison half-way."""


@pytest.fixture(scope="module")
def built(stack: Stack) -> Iterator[TestProject]:
    """A project with sessions that a run has built, and some that wait for the next."""
    with variables_of(stack.endpoints):
        with clients.postgres(stack.endpoints.postgres_dsn) as connection:
            project = TestProject(*projects.create(connection, f"diff {uuid4().hex}"))
        endpoints = replace(stack.endpoints, project_key=project.key)
        load_batches(endpoints, generate(Plan(60, days=2, seed=31)))
        refresh()
        load_batches(endpoints, generate(Plan(5, days=1, seed=32)))
        yield project


def command(stack: Stack, which: Any, *arguments: str) -> Any:
    """What it prints as JSON."""
    folder = ["--data-dir", str(stack.folder.path)]
    ended = CliRunner().invoke(which, [*arguments, "--json", *folder], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


def rows(client: Client, project: TestProject) -> Rows:
    """By table and key, what the marts hold of the project, each value as text."""
    found = {}
    for model in (one for one in models() if one.is_mart):
        texts = ", ".join(as_text(name, kind) for name, kind in model.columns.items())
        keys = [list(model.columns).index(name) for name in key(model)]
        answer = client.query(
            f"SELECT [{texts}] FROM {'.'.join(model.name)} WHERE project_id = {{p:String}}",
            parameters={"p": project.id},
        ).result_rows
        found[model.name[1]] = {tuple(row[n] for n in keys): tuple(row) for (row,) in answer}
    return found


def changes(before: Rows, after: Rows) -> dict[str, tuple[int, int, int]]:
    """Rows added, gone and changed, of the tables that differ."""
    found = {}
    for table, old in before.items():
        new = after[table]
        changed = sum(old[one] != new[one] for one in old.keys() & new.keys())
        found[table] = (len(new.keys() - old.keys()), len(old.keys() - new.keys()), changed)
    return {table: counts for table, counts in found.items() if any(counts)}


def digests(client: Client) -> list[tuple[Any, ...]]:
    """Of every table that a run writes, of all projects."""
    tables = client.query(
        "SELECT database, name FROM system.tables WHERE engine NOT LIKE '%View'"
        " AND database IN ('raw', 'ops', 'gosight', 'intermediate', 'signals') ORDER BY 1, 2"
    ).result_rows
    assert len(tables) > 40
    return [
        (f"{database}.{name}", client.query(
            f"SELECT count(), groupBitXor(sipHash64(toString(tuple(*)))) FROM {database}.{name}"
        ).result_rows[0])
        for database, name in tables
    ]  # fmt: skip


def test_a_diff_is_exactly_what_a_run_then_changes_and_writes_nothing(
    stack: Stack, clickhouse: Client, built: TestProject
) -> None:
    before, stand = rows(clickhouse, built), digests(clickhouse)
    asked = ["--project", built.slug, "--set", "rage_click.min_clicks=4", "--all"]
    told = command(stack, hxi_diff, *asked)
    assert digests(clickhouse) == stand, "nothing that a run writes was touched"
    assert clickhouse.command(f"EXISTS DATABASE {DATABASE}") == 0

    CliRunner().invoke(
        hxi_project,
        ["set", built.slug, "rage_click.min_clicks=4", "--data-dir", str(stack.folder.path)],
        catch_exceptions=False,
    )
    reasons = command(stack, hxi_plan)["reasons"]
    assert reasons["rules"]["sessions"] == 60
    assert reasons["new"]["sessions"] >= 5
    refresh()

    found = {
        table["table"]: (table["added"], table["gone"], table["changed"])
        for table in told["tables"]
    }
    done = changes(before, rows(clickhouse, built))
    assert {table: counts for table, counts in found.items() if any(counts)} == done
    assert done["insights"][1] > 0, "bursts of three clicks are rage no more"
    assert done["sessions"][0] == 5
    assert told["sessions"] == told["planned"] == 65
    changed = next(table for table in told["tables"] if table["table"] == "sessions")
    assert changed["columns"]["rage_click_count"] > 0
    assert changed["after"] == changed["before"] + 5
    example = next(one for one in changed["examples"] if one["kind"] == "changed")
    assert example["before"].keys() == example["after"].keys()
    assert all(example["before"][name] != example["after"][name] for name in example["before"])
    assert command(stack, hxi_plan) == {
        "sessions": 0, "days": 0, "reasons": {}, "erasure_waits": False, "documents_behind": False
    }  # fmt: skip


def test_a_part_by_day_size_and_table_is_built_and_no_more(
    clickhouse: Client, built: TestProject
) -> None:
    stricter = Question(("insights",), {"dead_click.window_ms": 1}, built.id, sessions=7)
    found = diff(stricter)
    assert (found.sessions, [one.table for one in found.tables]) == (7, ["insights"])
    assert "gosight.latency_daily" not in found.steps
    ((day, sessions),) = clickhouse.query(
        "SELECT event_date, uniqExact(session_id) FROM gosight.events WHERE project_id = {p:String}"
        " GROUP BY event_date ORDER BY event_date LIMIT 1",
        parameters={"p": built.id},
    ).result_rows
    of_day = diff(Question(("sessions+",), None, built.id, days=[day]))
    assert of_day.sessions == sessions
    assert of_day.is_same, "a run that builds a day again finds what is there"
    assert {"sessions", "users_daily", "experience_scores"} <= {one.table for one in of_day.tables}
    with pytest.raises(UnknownModelError, match="no table clicks"):
        diff(Question(("clicks",)))


def test_what_was_kept_is_on_the_page_of_its_project(
    stack: Stack, endpoints: Endpoints, built: TestProject
) -> None:
    asked = ["--project", built.slug, "--select", "insights", "--set", "dead_click.window_ms=1"]
    told = command(stack, hxi_diff, *asked, "--keep")
    with served(endpoints) as base, signed_in(base, endpoints, built.id) as visitor:
        (row,) = visitor.table("changes")
        text = visitor.get("changes").text
    (table,) = told["tables"]
    counted = ("table", "before", "after", "added", "gone", "changed")
    assert {name: row[name] for name in counted} == {name: str(table[name]) for name in counted}
    assert json.loads(row["columns"]) == table["columns"]
    assert table["added"] > 0, "more clicks are dead when they must be answered at once"
    assert "--set dead_click.window_ms=1" in text


def test_what_a_comparison_that_stopped_or_was_killed_has_built_goes(
    clickhouse: Client, built: TestProject
) -> None:
    def stop(_: str) -> None:
        assert clickhouse.command(f"EXISTS DATABASE {DATABASE}") == 1
        raise ForcedError

    question = Question(("sessions",), None, built.id, sessions=1)
    with pytest.raises(ForcedError):
        diff(question, stop)
    assert clickhouse.command(f"EXISTS DATABASE {DATABASE}") == 0
    clickhouse.command(f"CREATE DATABASE {DATABASE}")
    clickhouse.command(f"CREATE TABLE {DATABASE}.ops__planned_sessions (n UInt8) ORDER BY n")
    assert diff(question).is_same


def test_a_new_settings_value_that_is_not_allowed_is_one_line(
    endpoints: Endpoints, stack: Stack, built: TestProject
) -> None:
    assert endpoints.project_id != built.id
    ended = CliRunner().invoke(
        hxi_diff, ["--set", "rage_click.min_clicks=none", "--data-dir", str(stack.folder.path)]
    )
    assert "rage_click.min_clicks" in str(ended.exception)
