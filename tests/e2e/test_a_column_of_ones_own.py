"""A column more in a mart, served in PostgreSQL, is what docs/publish.md says to write, no more."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hxi.admin import clients
from hxi.admin.folder import CHECKOUT
from hxi.load import load_batches
from simulate import Plan, generate
from stack.embedded import Stack

PARTS = ("dbt_project", "hxi", "ingest", "orchestration", "proto", "stack", "dbt_project.yml")
DESCRIBED = 'description: "Characters of user_agent"}'
# Each line goes below the last one that names app_version.
LINES = {
    "dbt_project/models/marts/sessions.sql": "    length(user_agent) as user_agent_length,",
    "dbt_project/models/marts/sessions.yml": (
        "      - {name: user_agent_length, data_type: UInt64, " + DESCRIBED
    ),
    "dbt_project/models/publish/landing.yml": (
        "          - {name: user_agent_length, data_type: numeric, " + DESCRIBED
    ),
    "dbt_project/models/publish/hxi_sessions.sql": (
        "    {{ saturated_int('user_agent_length') }} as user_agent_length,"
    ),
    "dbt_project/models/publish/publish.yml": (
        "      - {name: user_agent_length, data_type: integer, " + DESCRIBED
    ),
}
MIGRATION = "orchestration/publish/schema/postgres/9001_user_agent_length"
UP = """ALTER TABLE hxi.sessions ADD COLUMN user_agent_length INTEGER;
CALL access.serve('hxi.sessions');
"""
DOWN = "ALTER TABLE hxi.sessions DROP COLUMN user_agent_length;\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project."""
    for part in PARTS:
        source, copy = CHECKOUT / part, tmp_path / "project" / part
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    return tmp_path / "project"


def run(project: Path, stack: Stack) -> None:
    """`hxi run` of this copy."""
    environment = os.environ | stack.endpoints.environment() | {"PYTHONPATH": str(project)}
    environment.pop("DBT_TARGET_PATH", None)
    done = subprocess.run(
        [sys.executable, "-m", "hxi", "run"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def add_the_column(project: Path) -> None:
    for name, line in LINES.items():
        file = project / name
        lines = file.read_text().splitlines()
        place = max(number for number, one in enumerate(lines, 1) if "app_version" in one)
        file.write_text("\n".join([*lines[:place], line, *lines[place:], ""]))
    (project / f"{MIGRATION}.up.sql").write_text(UP)
    (project / f"{MIGRATION}.down.sql").write_text(DOWN)


@pytest.mark.timeout(900)
def test_a_column_of_a_mart_reaches_postgresql_by_its_declarations_alone(
    project: Path, tmp_path: Path
) -> None:
    with Stack(tmp_path / "data", ports="auto", environment={}) as stack:
        stack.start_stores()
        stack.start_ingest()
        load_batches(stack.endpoints, generate(Plan(2, days=1, seed=99)))
        run(project, stack)
        add_the_column(project)
        run(project, stack)
        with clients.postgres(stack.endpoints.postgres_dsn) as postgres:
            rows = postgres.execute(
                "SELECT user_agent_length, length(user_agent) FROM hxi.sessions"
            ).fetchall()
    assert rows
    assert all(served == counted > 0 for served, counted in rows)
