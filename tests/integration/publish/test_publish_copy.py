"""Copies that fail on the way, and what a copy needs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast
from uuid import UUID, uuid4, uuid5

import psutil
import pytest
from clickhouse_connect.driver.client import Client
from psycopg import sql
from urllib3.exceptions import ProtocolError

from orchestration.publish import landing
from orchestration.publish.copy import CopyError, copy_plan
from orchestration.publish.landing import LANDING_TABLES
from orchestration.publish.tables import SERVED_TABLES
from tests.integration.publish.stand_in_marts import PROJECT, Visit, named, whole_visit
from tests.integration.publish.warehouse import Warehouse

SESSION = named("session")
MIB = 1 << 20


class Stream:
    """A response made of these pieces; `peak` is the most memory this process held meanwhile."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.peak = 0
        self.is_closed = False

    def read(self, _size: int) -> bytes:
        self.peak = max(self.peak, psutil.Process().memory_info().rss)
        return next(self._pieces, b"")

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Marts:
    """A ClickHouse that says a table holds `counts` rows and then sends `streams`; else nothing."""

    counts: dict[str, int] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)

    def query(self, query: str) -> object:
        """Each part counts one table: `SELECT 'name', count() FROM …`. A plan has no session."""
        if "count()" not in query:
            return SimpleNamespace(result_rows=[])
        parts = {part.split("'")[1]: part + " " for part in query.split(" UNION ALL ")}
        rows = [
            (table, sum(n for name, n in self.counts.items() if f"gosight.{name} " in part))
            for table, part in parts.items()
        ]
        return SimpleNamespace(result_rows=rows)

    def raw_stream(self, query: str, fmt: str) -> Stream:
        assert fmt == "TabSeparated"
        streams = [stream for name, stream in self.streams.items() if f"gosight.{name} " in query]
        return streams[0] if streams else Stream(iter(()))

    @property
    def client(self) -> Client:
        return cast(Client, self)


def landed(warehouse: Warehouse, table: str) -> int:
    """Rows of landing.<table>."""
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("landing", table))
    row = warehouse.connection.execute(query).fetchone()
    return row[0] if row else 0


def event_row(payload: bytes) -> bytes:
    """One row for landing.events as ClickHouse would send it."""
    first = [PROJECT, str(SESSION), str(uuid4()), "click", "2026-01-01 00:00:00.000"]
    cells = [cell.encode() for cell in first]
    (columns,) = (table.columns for table in LANDING_TABLES if table.name == "events")
    others = {column.name: b"1" for column in columns[len(first) :]} | {"payload": payload}
    return b"\t".join([*cells, *others.values()]) + b"\n"


def test_a_mart_that_fails_late_leaves_landing_as_the_copy_before_left_it(
    warehouse: Warehouse,
) -> None:
    visit = Visit(SESSION).click()
    warehouse.marts.put(visit)
    warehouse.copy(visit)
    database = warehouse.marts.database
    warehouse.clickhouse.command(f"RENAME TABLE {database}.events TO {database}.real")
    warehouse.clickhouse.command(
        f"CREATE VIEW {database}.events AS SELECT * REPLACE"
        " (concat(url, toString(throwIf(number = 900000, 'too late'))) AS url)"
        f" FROM {database}.real CROSS JOIN numbers(1000000) AS many"
    )

    with pytest.raises(CopyError, match=r"landing\.events: .*too late"):
        warehouse.copy(visit)
    assert (landed(warehouse, "events"), landed(warehouse, "sessions")) == (1, 1)


def test_a_stream_that_breaks_off_is_an_error(warehouse: Warehouse) -> None:
    def pieces() -> Iterator[bytes]:
        yield event_row(b"{}")
        raise ProtocolError("Connection broken")

    streams = {"events": Stream(pieces()), "insights": Stream(iter(()))}
    marts = Marts({"events": 2}, streams)
    with pytest.raises(CopyError, match="ClickHouse broke off: Connection broken"):
        copy_plan(marts.client, warehouse.connection, warehouse.begin())
    assert landed(warehouse, "events") == 0
    assert all(stream.is_closed for stream in streams.values()), "the table behind is open, too"


def test_a_plan_of_many_is_read_as_one_of_few(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = [whole_visit(str(n)) for n in range(3)]
    warehouse.marts.put(*visits)
    few = warehouse.copy(*visits[:2])
    monkeypatch.setattr(landing, "FEW_SESSIONS", 1)
    assert warehouse.copy(*visits[:2]) == few
    assert few["planned_sessions"] == 2
    assert few["events"] == sum(len(visit.events) for visit in visits[:2])


def test_rows_that_vanish_between_count_and_copy_are_an_error(warehouse: Warehouse) -> None:
    marts = Marts({"events": 2}, {"events": Stream(iter([event_row(b"{}")]))})
    with pytest.raises(CopyError, match=r"landing\.events received 1 of 2 rows"):
        copy_plan(marts.client, warehouse.connection, warehouse.begin())
    assert landed(warehouse, "events") == 0


def test_a_copy_of_any_size_needs_little_memory(warehouse: Warehouse) -> None:
    rows = 2_500
    payload = b'{"text": "' + b"x" * 64_000 + b'"}'
    stream = Stream(event_row(payload) for _ in range(rows))
    before = psutil.Process().memory_info().rss

    marts = Marts({"events": rows}, {"events": stream})
    copied = copy_plan(marts.client, warehouse.connection, warehouse.begin())

    assert copied["events"] == landed(warehouse, "events") == rows
    assert len(payload) * rows > 150 * MIB
    assert stream.peak - before < 24 * MIB


@pytest.mark.parametrize("schema", ["landing", "hxi", "traceflow"])
def test_live_tables_have_the_declared_columns(warehouse: Warehouse, schema: str) -> None:
    declared: dict[str, set[str]] = (
        {table.name: {column.name for column in table.columns} for table in LANDING_TABLES}
        if schema == "landing"
        else {
            table.name: {*table.columns, *table.surrogate, *table.kept}
            for table in SERVED_TABLES
            if table.schema == schema
        }
    )
    rows = warehouse.connection.execute(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
        " WHERE table_schema = %s GROUP BY table_name",
        (schema,),
    ).fetchall()
    live = {name: set(columns) for name, columns in rows if name in declared}
    assert live == declared


def test_a_landing_table_that_is_not_as_declared_is_made_anew(warehouse: Warehouse) -> None:
    def tables() -> dict[str, int]:
        query = (
            "SELECT relname, oid::int FROM pg_class WHERE relnamespace = 'landing'::regnamespace"
        )
        return dict(warehouse.connection.execute(f"{query} AND relkind = 'r'".encode()).fetchall())

    before = tables()
    for change in (
        "ALTER TABLE landing.sessions DROP COLUMN app_version CASCADE",
        "ALTER TABLE landing.journeys ADD COLUMN gone integer",
        "ALTER TABLE landing.insights DROP COLUMN charged CASCADE, ADD COLUMN charged text",
        "CREATE TABLE landing.no_mart (of_sessions text)",
    ):
        warehouse.connection.execute(change.encode())
    warehouse.copy()
    after = tables()
    assert after.keys() == before.keys()
    anew = {name for name, oid in after.items() if oid != before[name]}
    assert anew == {"sessions", "journeys", "insights"}
    warehouse.copy()
    assert tables() == after


def test_a_users_key_is_the_uuid5_of_project_and_id(warehouse: Warehouse) -> None:
    users = ["ann", "Ann ", "漢字🎉", "x" * 5000, "a\tb\nc\\", "0"]
    visits = [Visit(named(f"visit {user}"), session={"user_id": user}) for user in users]
    warehouse.marts.put(*visits)
    warehouse.publish(*visits)

    served = {row["user_id"] for row in warehouse.rows("users")}
    assert served == {uuid5(UUID(PROJECT), user) for user in users}
