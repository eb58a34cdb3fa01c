"""Every row the warehouse serves, as text, and how two such states differ."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client
from psycopg import sql

from hxi.admin import clients
from stack.embedded import Stack
from tests.conftest import variables_of

BUILT = ("gosight", "intermediate", "signals")
SERVED = ("hxi", "traceflow")
AUDIT = "traceflow.audit_logs"  # what people did
SHOWN = 5

Rows = dict[str, list[str]]
Mongo = pymongo.MongoClient[dict[str, Any]]


@dataclass(frozen=True)
class Served:
    """Rows of projects, or of all, in ClickHouse and in PostgreSQL."""

    clickhouse: Client
    postgres: psycopg.Connection[Any]

    def rows(self, projects: Sequence[str] | None = None) -> Rows:
        """Every column of every row, by table; surrogate ids too."""
        return {name: self.of_clickhouse(name, projects) for name in self.built()} | {
            name: self.of_postgresql(name, projects) for name in self.published()
        }

    def built(self, databases: Sequence[str] = BUILT) -> list[str]:
        """Tables of projects in ClickHouse."""
        rows = self.clickhouse.query(
            "SELECT database || '.' || table FROM system.columns"
            " WHERE database IN {databases:Array(String)} AND name = 'project_id'"
            " AND (database, table) NOT IN"
            " (SELECT database, name FROM system.tables WHERE engine LIKE '%View')",
            parameters={"databases": list(databases)},
        ).result_rows
        return sorted(name for (name,) in rows)

    def published(self) -> list[str]:
        """Tables of projects in PostgreSQL."""
        rows = self.postgres.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = ANY(%s) AND table_type = 'BASE TABLE'"
            " AND column_name = 'project_id'",
            (list(SERVED),),
        ).fetchall()
        return [name for (name,) in rows]

    def of_clickhouse(
        self, table: str, projects: Sequence[str] | None = None, but: Collection[str] = ()
    ) -> list[str]:
        """Rows of a table as text; `but`: without these columns."""
        values = ", ".join(
            # States depend on the order their rows came in; their values do not.
            f"finalizeAggregation({name})" if kind.startswith("AggregateFunction") else str(name)
            for name, kind, *_ in self.clickhouse.query(f"DESCRIBE TABLE {table}").result_rows
            if name not in but
        )
        final = " FINAL" if table in ("raw.events", "raw.replay_chunks") else ""
        where = "" if projects is None else " WHERE project_id IN {projects:Array(String)}"
        rows = self.clickhouse.query(
            f"SELECT toString(tuple({values})) FROM {table}{final}{where}",
            parameters={"projects": list(projects or ())},
        ).result_rows
        return sorted(row for (row,) in rows)

    def of_postgresql(
        self, table: str, projects: Sequence[str] | None = None, but: Collection[str] = ()
    ) -> list[str]:
        """The same of a table that is served."""
        query = sql.SQL("SELECT (to_jsonb(t) - %s::text[])::text FROM {} AS t").format(
            sql.Identifier(*table.split("."))
        )
        given: list[list[str]] = [list(but)]
        if projects is not None:
            query += sql.SQL(" WHERE project_id::text = ANY(%s)")
            given.append(list(projects))
        return sorted(row for (row,) in self.postgres.execute(query, given).fetchall())

    def forget_what_was_built(self) -> None:
        """Empty every table a run writes in ClickHouse, so that a full run starts from nothing."""
        for name in self.built():
            self.clickhouse.command(f"TRUNCATE TABLE {name}")

    def drop_marts(self) -> None:
        """What a person does who wants tables made anew."""
        for name in self.built():
            # Those are made by migrations.
            if not name.startswith("signals.") and name != "gosight.projects":
                self.clickhouse.command(f"DROP TABLE {name}")


@contextmanager
def own_stores(folder: Path) -> Iterator[tuple[Served, Mongo]]:
    """With their variables, for what takes from every project there is."""
    with Stack(folder, ports="auto", environment={}) as stack:
        stack.start_stores()
        with (
            variables_of(stack.endpoints),
            clients.clickhouse(stack.endpoints.clickhouse_url) as clickhouse,
            clients.mongodb(stack.endpoints.mongodb_uri) as mongo,
            clients.postgres(stack.endpoints.postgres_dsn) as postgres,
        ):
            yield Served(clickhouse, postgres), mongo


def difference(incremental: Rows, full: Rows) -> str:
    """The first rows of each table that one of the two lacks; '' when they are equal."""
    lines = []
    for table in sorted(incremental.keys() | full.keys()):
        left, right = Counter(incremental.get(table, ())), Counter(full.get(table, ()))
        lines += [f"{table}: runs left   {row}" for row in list(left - right)[:SHOWN]]
        lines += [f"{table}: full has    {row}" for row in list(right - left)[:SHOWN]]
    return "\n".join(lines)
