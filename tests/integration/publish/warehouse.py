"""A PostgreSQL database of a test's own beside its marts, and what tests ask of them."""

from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from clickhouse_connect.driver.client import Client
from psycopg import sql
from psycopg.rows import dict_row

from orchestration.publish.copy import copy_plan
from orchestration.publish.merge import Changes, merge_plan
from orchestration.publish.tables import SERVED_TABLES
from tests.integration.publish.stand_in_marts import Marts, Visit

TABLES = {table.name: table for table in SERVED_TABLES}
# What must not be told by how it was published: `kept` columns default to the moment of the insert.
NO_FACTS = {table.name: {*table.surrogate, *table.initial, *table.kept} for table in SERVED_TABLES}


@dataclass
class Warehouse:
    """`connection` is in autocommit mode, on the database `dsn` names."""

    clickhouse: Client
    connection: psycopg.Connection[Any]
    dsn: str
    marts: Marts

    def begin(self) -> int:
        """The number of a new run, which makes every earlier one stale."""
        row = self.connection.execute("SELECT nextval('ops.plan_fence')").fetchone()
        assert row is not None
        return int(row[0])

    def copy(self, *planned: Visit, plan_id: int | None = None) -> dict[str, int]:
        """Open a plan of these sessions and copy it, as a new run or as the one of that number."""
        self.marts.plan(planned)
        run = self.begin() if plan_id is None else plan_id
        return copy_plan(self.clickhouse, self.connection, run, self.marts.source)

    def publish(self, *planned: Visit) -> dict[str, Changes]:
        """Copy and merge a plan of these sessions; between them dbt has nothing to do: views."""
        plan_id = self.begin()
        self.copy(*planned, plan_id=plan_id)
        return merge_plan(self.connection, plan_id)

    def rows(self, table: str, columns: LiteralString = "*") -> list[dict[str, Any]]:
        """All rows of a served table, ordered by all their columns."""
        query = sql.SQL("SELECT {} FROM {} AS t ORDER BY t::text").format(
            sql.SQL(columns), _relation(table)
        )
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query).fetchall()

    def row(self, table: str, columns: LiteralString = "*") -> dict[str, Any]:
        """The only row of a served table."""
        (row,) = self.rows(table, columns)
        return row

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every served table."""
        return {table.name: self.rows(table.name) for table in SERVED_TABLES}

    def facts(self) -> dict[str, list[dict[str, Any]]]:
        """`everything` without ids and what people own: it must not show how it was published."""
        return {
            table: sorted(
                ({k: v for k, v in row.items() if k not in NO_FACTS[table]} for row in rows),
                key=str,
            )
            for table, rows in self.everything().items()
        }

    def forget(self) -> None:
        """Empty every served table."""
        tables = sql.SQL(", ").join(map(_relation, TABLES))
        self.connection.execute(sql.SQL("TRUNCATE {}").format(tables))

    def ids(self) -> dict[str, dict[str, Any]]:
        """The id a row was given at its first insert, by its natural key, by table."""
        return {
            table.name: {
                str([row[column] for column in table.key]): row[given[0]]
                for row in self.rows(table.name)
            }
            for table in SERVED_TABLES
            if (given := table.surrogate or table.initial)
        }

    def versions(self, table: str) -> dict[tuple[Any, ...], str]:
        """The transaction that wrote each row of a table, by (project_id, session_id, row)."""
        query = sql.SQL("SELECT project_id, session_id, t::text, xmin::text FROM {} AS t")
        rows = self.connection.execute(query.format(_relation(table))).fetchall()
        return {tuple(key): written for *key, written in rows}

    def writes(self) -> dict[str, tuple[int, int, int]]:
        """Rows inserted, updated and deleted since the server counts, by table."""
        self.connection.execute("SELECT pg_stat_force_next_flush()")
        rows = self.connection.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables"
            " WHERE schemaname IN ('hxi', 'traceflow')"
        ).fetchall()
        return {name: (inserted, updated, deleted) for name, inserted, updated, deleted in rows}


def _relation(table: str) -> sql.Identifier:
    return sql.Identifier(TABLES[table].schema, table)
