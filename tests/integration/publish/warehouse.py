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


@dataclass
class Warehouse:
    """`connection` is in autocommit mode, on the database `dsn` names."""

    clickhouse: Client
    connection: psycopg.Connection[Any]
    dsn: str
    marts: Marts

    def copy(self, *planned: Visit) -> dict[str, int]:
        """Open a plan of these sessions and copy it."""
        self.marts.plan(planned)
        return copy_plan(self.clickhouse, self.connection, self.marts.source)

    def publish(self, *planned: Visit) -> dict[str, Changes]:
        """Copy and merge a plan of these sessions; between them dbt has nothing to do: views."""
        self.copy(*planned)
        return merge_plan(self.connection)

    def rows(self, table: str, columns: LiteralString = "*") -> list[dict[str, Any]]:
        """All rows of hxi.<table>, ordered by all their columns."""
        query = sql.SQL("SELECT {} FROM {} AS t ORDER BY t::text").format(
            sql.SQL(columns),
            sql.Identifier("hxi", table),
        )
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query).fetchall()

    def row(self, table: str, columns: LiteralString = "*") -> dict[str, Any]:
        """The only row of hxi.<table>."""
        (row,) = self.rows(table, columns)
        return row

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every served table."""
        return {table.name: self.rows(table.name) for table in SERVED_TABLES}

    def versions(self, table: str) -> dict[tuple[Any, ...], str]:
        """The transaction that wrote each row of hxi.<table>, by (project_id, session_id, row)."""
        query = sql.SQL("SELECT project_id, session_id, t::text, xmin::text FROM {} AS t")
        rows = self.connection.execute(query.format(sql.Identifier("hxi", table))).fetchall()
        return {tuple(key): written for *key, written in rows}

    def writes(self) -> dict[str, tuple[int, int, int]]:
        """Rows inserted, updated and deleted since the server counts, by table of hxi."""
        self.connection.execute("SELECT pg_stat_force_next_flush()")
        rows = self.connection.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables"
            " WHERE schemaname = 'hxi'"
        ).fetchall()
        return {name: (inserted, updated, deleted) for name, inserted, updated, deleted in rows}
