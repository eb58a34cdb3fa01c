"""What an analytics engineer does: `eval "$(hxi env)"`, then plain dbt."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client

from hxi.admin.folder import CHECKOUT
from hxi.env import env
from hxi.load import load_batches
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack

DBT = Path(sys.executable).with_name("dbt")


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> dict[str, str]:
    """The variables of a shell that evaluated `hxi env`, with a developer's own name."""
    lines = CliRunner().invoke(env, ["--data-dir", str(stack.folder.path)]).output.splitlines()
    printed = dict(shlex.split(line)[1].split("=", 1) for line in lines)
    return (
        os.environ
        | printed
        | {
            "HXI_DEV_NAME": f"t{uuid4().hex[:8]}",
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "DBT_LOG_PATH": str(tmp_path / "logs"),
        }
    )


def dbt(shell: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """From the checkout, as the README says."""
    return subprocess.run(
        [DBT, "--no-use-colors", *arguments],
        env=shell,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def done(shell: dict[str, str], *arguments: str) -> str:
    """What dbt says; fails the test if dbt fails."""
    ended = dbt(shell, *arguments)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr
    return ended.stdout


def test_dbt_build_fills_the_developers_databases_and_no_other(
    stack: Stack, clickhouse: Client, shell: dict[str, str]
) -> None:
    load_batches(stack.endpoints, generate(Plan(20, days=2, seed=uuid4().int % 10**6)))
    databases = "SELECT name FROM system.databases WHERE name LIKE '%gosight'"
    before = {name for (name,) in clickhouse.query(databases).result_rows}
    own = f"dev_{shell['HXI_DEV_NAME']}_gosight"
    done(shell, "build", "--empty")
    assert clickhouse.query(f"SELECT count() FROM {own}.sessions").result_rows == [(0,)]
    done(shell, "build")
    assert {name for (name,) in clickhouse.query(databases).result_rows} - before == {own}
    landed = clickhouse.query("SELECT uniqExact(project_id, session_id) FROM raw.events")
    sessions = clickhouse.query(f"SELECT count() FROM {own}.sessions")
    assert sessions.result_rows == landed.result_rows
    assert landed.result_rows[0][0] > 0


def test_dbt_build_of_the_served_tables_without_a_run_is_refused(shell: dict[str, str]) -> None:
    refused = dbt(shell, "build", "--target", "clickhouse")
    assert refused.returncode != 0
    assert "the served tables are written by `hxi run` alone" in refused.stdout


@pytest.mark.usefixtures("planned_warehouse")
def test_a_part_is_built_shown_and_documented_in_a_schema_that_is_still_empty(
    shell: dict[str, str], clickhouse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (name for name in shell if name.startswith("HXI_") and name != "HXI_DEV_NAME"):
        monkeypatch.setenv(name, shell[name])
    refresh()  # what landed since would be in the developer's events alone
    done(shell, "build", "--select", "sessions+")
    own = f"dev_{shell['HXI_DEV_NAME']}_gosight"
    tables = f"SELECT name FROM system.tables WHERE database = '{own}'"
    built = {name for (name,) in clickhouse.query(tables).result_rows}
    assert "sessions" in built
    assert "events" not in built, "what it reads is read where it is served"
    assert clickhouse.query(f"SELECT count() > 0 FROM {own}.users_daily").result_rows == [(True,)]
    assert '"event_count"' in done(
        shell, "show", "--select", "events_hourly_mv", "--limit", "1", "--output", "json"
    )
    done(shell, "docs", "generate")
    target = Path(shell["DBT_TARGET_PATH"])
    manifest, catalog = (
        json.loads((target / f"{name}.json").read_text()) for name in ("manifest", "catalog")
    )
    described = {
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in {"model", "seed"}
        and node["config"]["materialized"] != "ephemeral"
    }
    assert described - set(catalog["nodes"]) == set()
    done(shell, "build", "--select", "+sessions")
