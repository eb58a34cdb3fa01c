"""The marts of one project, in ClickHouse.

The reader's login may see all projects, so the store is told with each query whose rows count: a
filter on every table that has a project, whatever the query says. Which project that may be was
asked of PostgreSQL's row security just before.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from clickhouse_connect.driver.client import Client

TABLES_OF_PROJECTS = """
SELECT c.database || '.' || c.table FROM system.columns AS c
JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
WHERE c.name = 'project_id' AND c.database IN ('gosight', 'intermediate', 'signals', 'raw', 'ops')
  AND t.engine NOT LIKE '%View'
"""
Row = dict[str, Any]
KNOWN_S = 60.0


class Tables:
    """Which tables have a project; those of a first run come while pages are up."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._names: Sequence[str] = ()
        self._asked_at = -KNOWN_S

    def known(self) -> Sequence[str]:
        """All of them, as of the last minute."""
        if time.monotonic() - self._asked_at > KNOWN_S:
            self._names = [name for (name,) in self._client.query(TABLES_OF_PROJECTS).result_rows]
            self._asked_at = time.monotonic()
        return self._names


class Marts:
    """Reads rows of `project_id`, a UUID in text, and of nobody else."""

    def __init__(self, client: Client, tables: Tables, project_id: str) -> None:
        self._client = client
        self._project_id = project_id
        condition = f"project_id = \\'{project_id}\\'"
        each = ", ".join(f"'{name}': '{condition}'" for name in tables.known())
        self.asked: list[dict[str, Any]] = []  # what was, with its parameters
        self._settings = {"additional_table_filters": f"{{{each}}}"}

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Rows by column; `{project:String}` is there for the index's sake."""
        given = self._all(parameters)
        self.asked.append({"sql": sql, "parameters": given})
        answer = self._client.query(sql, parameters=given, settings=self._settings)
        return list(answer.named_results())

    def row(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Row:
        """The only row; of several the first, of none {}."""
        return next(iter(self.rows(sql, parameters)), {})

    def payloads(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Rows with text as the bytes it is: recordings are no UTF-8."""
        table = self._client.query_arrow(
            sql, parameters=self._all(parameters), settings=self._settings, use_strings=False
        )
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def _all(self, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**(parameters or {}), "project": self._project_id}
