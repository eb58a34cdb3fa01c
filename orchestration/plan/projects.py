"""`gosight.projects`: what projects are called, beside the marts that know them by id."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import psycopg
from clickhouse_connect.driver.client import Client

# Name, slug, and when it was made, in ms.
Project: TypeAlias = tuple[str, str, int]
COLUMNS = ("project_id", "name", "slug", "created_at")

OF_POSTGRESQL = """
SELECT id::text, name, slug, floor(extract(epoch FROM created_at) * 1000)::bigint
FROM gosight.projects
"""
OF_CLICKHOUSE = """
SELECT project_id, name, slug, toUnixTimestamp64Milli(created_at) FROM gosight.projects
"""


def follow(client: Client, connection: psycopg.Connection[Any]) -> int:
    """Make the rows those of PostgreSQL's `gosight.projects`; returns how many it wrote."""
    wanted = _by_id(connection.execute(OF_POSTGRESQL).fetchall())
    kept = _by_id(client.query(OF_CLICKHOUSE).result_rows)
    stale = [one for one in kept if kept[one] != wanted.get(one)]
    changed = {one: project for one, project in wanted.items() if kept.get(one) != project}
    if stale:
        client.command(
            "DELETE FROM gosight.projects WHERE project_id IN {stale:Array(String)}",
            parameters={"stale": stale},
        )
    if changed:
        client.insert("gosight.projects", list(map(_row, changed.items())), column_names=COLUMNS)
    return len(changed)


def _by_id(rows: Iterable[Any]) -> dict[str, Project]:
    return {project: (name, slug, created) for project, name, slug, created in rows}


def _row(item: tuple[str, Project]) -> tuple[str, str, str, datetime]:
    project, (name, slug, created) = item
    return project, name, slug, datetime.fromtimestamp(created / 1000, UTC)
