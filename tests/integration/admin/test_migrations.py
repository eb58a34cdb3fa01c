from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from hxi.admin.errors import MigrationError
from hxi.admin.migrations import ClickHouseTarget, PostgresTarget, Target, migrate

OpenTarget = Callable[[], AbstractContextManager[Target]]
Tables = Callable[[], set[str]]


@pytest.fixture(params=["clickhouse", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def space(engine: str, endpoints: Endpoints) -> Iterator[str]:
    """The name of a database (ClickHouse) or schema (PostgreSQL) of this test alone."""
    name = f"m_{uuid4().hex}"
    yield name
    if engine == "clickhouse":
        with clients.clickhouse(endpoints.clickhouse_url) as client:
            client.command(f"DROP DATABASE IF EXISTS {name}")
    else:
        with clients.postgres(endpoints.postgres_dsn) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())


@pytest.fixture
def open_target(engine: str, endpoints: Endpoints) -> OpenTarget:
    @contextmanager
    def opened() -> Iterator[Target]:
        if engine == "clickhouse":
            with clients.clickhouse(endpoints.clickhouse_url) as client:
                yield ClickHouseTarget(client)
        else:
            with clients.postgres(endpoints.postgres_dsn) as connection:
                yield PostgresTarget(connection)

    return opened


@pytest.fixture
def tables(engine: str, space: str, endpoints: Endpoints) -> Tables:
    def named() -> set[str]:
        if engine == "clickhouse":
            with clients.clickhouse(endpoints.clickhouse_url) as client:
                sql = f"SELECT name FROM system.tables WHERE database = '{space}'"
                return {row[0] for row in client.query(sql).result_rows}
        with clients.postgres(endpoints.postgres_dsn) as connection:
            sql = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
            return {row[0] for row in connection.execute(sql, (space,)).fetchall()}

    return named


@pytest.fixture
def folder(engine: str, space: str, tmp_path: Path) -> Path:
    """Two migrations: one makes table a, the next table b."""
    tail = "ENGINE = MergeTree ORDER BY n" if engine == "clickhouse" else ""
    make = "DATABASE" if engine == "clickhouse" else "SCHEMA"
    exists = "IF NOT EXISTS " if engine == "clickhouse" else ""
    (tmp_path / "0001_a.up.sql").write_text(
        f"-- A comment; with a semicolon.\nCREATE {make} IF NOT EXISTS {space};\n"
        f"CREATE TABLE {exists}{space}.a (n INT) {tail};\n"
    )
    (tmp_path / "0001_a.down.sql").write_text(f"DROP TABLE {space}.a;\n")
    (tmp_path / "0002_b.up.sql").write_text(f"CREATE TABLE {exists}{space}.b (n INT) {tail};\n")
    (tmp_path / "0002_b.down.sql").write_text(f"DROP TABLE {space}.b;\n")
    return tmp_path


def test_up_down_and_up_again_end_where_they_should(
    space: str, folder: Path, open_target: OpenTarget, tables: Tables
) -> None:
    with open_target() as target:
        assert [m.version for m in migrate(target, space, folder)] == [1, 2]
        assert tables() == {"a", "b"}
        assert [m.version for m in migrate(target, space, folder, 1)] == [2]
        assert tables() == {"a"}
        assert [m.version for m in migrate(target, space, folder, 0)] == [1]
        assert tables() == set()
        assert [m.version for m in migrate(target, space, folder)] == [1, 2]
        assert tables() == {"a", "b"}
        assert migrate(target, space, folder) == []


def test_components_have_histories_of_their_own(
    space: str, folder: Path, open_target: OpenTarget
) -> None:
    with open_target() as target:
        migrate(target, space, folder)
        assert target.applied(f"{space}_other") == {}
        assert sorted(target.applied(space)) == [1, 2]


def test_an_edited_migration_is_refused_before_anything_runs(
    space: str, folder: Path, open_target: OpenTarget, tables: Tables
) -> None:
    with open_target() as target:
        migrate(target, space, folder, 1)
        with (folder / "0001_a.up.sql").open("a") as handle:
            handle.write("-- edited\n")
        with pytest.raises(MigrationError, match=r"0001_a\.up\.sql was edited"):
            migrate(target, space, folder)
    assert tables() == {"a"}


def test_a_failed_migration_can_be_repeated_when_it_is_mended(
    engine: str, space: str, folder: Path, open_target: OpenTarget, tables: Tables
) -> None:
    second = folder / "0002_b.up.sql"
    good = second.read_text()
    second.write_text(f"{good}SELECT no_such_column;\n")
    with open_target() as target:
        with pytest.raises(MigrationError, match="0002_b failed at `SELECT no_such_column"):
            migrate(target, space, folder)
        assert sorted(target.applied(space)) == [1]
        # PostgreSQL took the whole file back, ClickHouse cannot.
        assert tables() == ({"a"} if engine == "postgres" else {"a", "b"})
        second.write_text(good)
        assert [m.version for m in migrate(target, space, folder)] == [2]
        assert tables() == {"a", "b"}


def test_two_that_migrate_at_once_do_not_hurt_each_other(
    space: str, folder: Path, open_target: OpenTarget, tables: Tables
) -> None:
    def once(_: int) -> None:
        with open_target() as target:
            migrate(target, space, folder)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(once, range(4)))
    with open_target() as target:
        assert sorted(target.applied(space)) == [1, 2]
    assert tables() == {"a", "b"}
