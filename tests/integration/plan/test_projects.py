"""`gosight.projects` of ClickHouse follows that of PostgreSQL."""

from typing import Any
from uuid import uuid4

import psycopg
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from orchestration.plan.projects import follow


def named(clickhouse: Client, project: str) -> list[str]:
    """What the project is called there, in every row it has."""
    return [
        name
        for (name,) in clickhouse.query(
            "SELECT name FROM gosight.projects WHERE project_id = {project:String}",
            parameters={"project": project},
        ).result_rows
    ]


def test_projects_have_the_names_that_postgresql_has_for_them(
    clickhouse: Client, postgres: psycopg.Connection[Any]
) -> None:
    word = f"Tom's \\ {uuid4().hex} ✓"
    project, _, _ = projects.create(postgres, word)
    assert follow(clickhouse, postgres) >= 1
    assert named(clickhouse, project) == [word]
    assert follow(clickhouse, postgres) == 0
    postgres.execute("UPDATE gosight.projects SET name = 'Another' WHERE id = %s", (project,))
    assert follow(clickhouse, postgres) == 1
    assert named(clickhouse, project) == ["Another"]
    postgres.execute("DELETE FROM gosight.projects WHERE id = %s", (project,))
    follow(clickhouse, postgres)
    assert named(clickhouse, project) == []
