"""Applies numbered SQL files to ClickHouse or PostgreSQL; each folder has its own history.

Files are `NNNN_name.up.sql` and `NNNN_name.down.sql`. PostgreSQL runs each in one transaction with
its history row. ClickHouse has no transactions: a file's statements must bear being repeated
(IF NOT EXISTS), because after a crash in the middle the whole file runs again.
"""

import hashlib
import re
from collections.abc import Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError
from psycopg.errors import InvalidSchemaName, UndefinedTable

from hxi.admin.errors import MigrationError
from hxi.admin.placement import rewritten
from hxi.admin.sql_statements import split
from ingest.sinks.placement import Placement

# A file may be said in other words, or without what a later one undoes: it then names, in a line
# of its own, the checksum of the text that stores may have applied instead.
REPLACES = re.compile(r"^-- Replaces ([0-9a-f]{64}):", re.MULTILINE)
FILE_NAME = re.compile(r"(?P<version>\d{4})_(?P<name>\w+)\.(?P<way>up|down)\.sql")
# Of a table and of a database that it does not know.
NOT_THERE = re.compile(r"code: (60|81)\b", re.IGNORECASE)
# One number for all of this project's migrations; any other advisory lock must differ from it.
ADVISORY_LOCK = 0x4858495F4D4947


@dataclass(frozen=True)
class Migration:
    """One version of a component: `up` and `down` are SQL texts."""

    version: int
    name: str
    up: str
    down: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the up file, with line ends made equal."""
        return hashlib.sha256(self.up.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def checksums(self) -> set[str]:
        """Of the up file and of the texts it replaces."""
        return {self.checksum, *REPLACES.findall(self.up)}


class Target(Protocol):
    """A database that keeps its own history of applied versions."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep others from migrating at the same time, where the engine can; needed by `run`."""

    def applied(self, component: str) -> dict[int, str]:
        """Checksum by applied version."""

    def run(self, component: str, migration: Migration, *, up: bool) -> None:
        """Run one file and note it."""


class ClickHouseTarget:
    """History in `migrations.history`: one row per step, the latest of a version counts.

    Two that migrate at once run the same repeatable statements and note the same rows.
    """

    def __init__(self, client: Client, placement: Placement = Placement.SINGLE) -> None:
        self._client = client
        self._placement = placement
        self._history: dict[str, dict[int, str]] | None = None

    def locked(self) -> AbstractContextManager[None]:
        """ClickHouse has no lock to take; see the class."""
        return nullcontext()

    def applied(self, component: str) -> dict[int, str]:
        """Versions whose latest step is up."""
        if self._history is None:
            self._history = self._read()
        return self._history.get(component, {})

    def _read(self) -> dict[str, dict[int, str]]:
        """All components' in one statement; makes the table where it is not there yet."""
        try:
            return self._rows()
        except DatabaseError as error:
            if not NOT_THERE.search(str(error)):
                raise
        self._make()
        return {}

    def _rows(self) -> dict[str, dict[int, str]]:
        found: dict[str, dict[int, str]] = {}
        for component, version, checksum, is_applied in self._client.query(
            """SELECT component, version, argMax(checksum, recorded_at),
                argMax(is_applied, recorded_at)
            FROM migrations.history GROUP BY component, version"""
        ).result_rows:
            if is_applied:
                found.setdefault(component, {})[version] = checksum
        return found

    def _make(self) -> None:
        self._command("CREATE DATABASE IF NOT EXISTS migrations")
        self._command(
            """CREATE TABLE IF NOT EXISTS migrations.history
            (
                component   String,
                version     UInt32,
                name        String,
                checksum    String,
                is_applied  Bool,
                recorded_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
            )
            ENGINE = MergeTree ORDER BY (component, version, recorded_at)"""
        )

    def run(self, component: str, migration: Migration, *, up: bool) -> None:
        """Statement by statement, then the history row."""
        for statement in split(migration.up if up else migration.down, "clickhouse"):
            try:
                self._command(statement)
            except ClickHouseError as error:
                raise _failed(component, migration, statement, error) from error
        row = [component, migration.version, migration.name, migration.checksum, up]
        columns = ["component", "version", "name", "checksum", "is_applied"]
        self._history = None
        self._client.insert("migrations.history", [row], column_names=columns)

    def _command(self, statement: str) -> None:
        self._client.command(rewritten(statement, self._placement))


class PostgresTarget:
    """History in `migrations.history`; `connection` must be in autocommit mode."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._history: dict[str, dict[int, str]] | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait for whoever migrates this database now; what they did is read then."""
        self._connection.execute("SET timezone TO 'UTC'")
        info = self._connection.info
        # Of a transaction, not of a session: a pooler gives each transaction another session.
        with psycopg.connect(info.dsn, password=info.password, prepare_threshold=None) as holder:
            holder.execute("SELECT pg_advisory_xact_lock(%s)", (ADVISORY_LOCK,))
            self._make()
            self._history = None
            yield

    def applied(self, component: str) -> dict[int, str]:
        """All rows of the component: going down deletes them."""
        if self._history is None:
            self._history = self._read()
        return self._history.get(component, {})

    def _read(self) -> dict[str, dict[int, str]]:
        """All components' in one statement; none where the table is not there yet."""
        found: dict[str, dict[int, str]] = {}
        try:
            rows = self._connection.execute(
                "SELECT component, version, checksum FROM migrations.history"
            ).fetchall()
        except (UndefinedTable, InvalidSchemaName):
            return {}
        for component, version, checksum in rows:
            found.setdefault(component, {})[version] = checksum
        return found

    def _make(self) -> None:
        with self._connection.transaction():
            self._connection.execute("CREATE SCHEMA IF NOT EXISTS migrations")
            self._connection.execute(
                """CREATE TABLE IF NOT EXISTS migrations.history (
                    component  TEXT NOT NULL,
                    version    INTEGER NOT NULL,
                    name       TEXT NOT NULL,
                    checksum   TEXT NOT NULL,
                    applied_at TIMESTAMPTZ NOT NULL DEFAULT now(),
                    PRIMARY KEY (component, version)
                )"""
            )

    def run(self, component: str, migration: Migration, *, up: bool) -> None:
        """All or nothing: the file's statements and the history row share a transaction."""
        self._history = None
        with self._connection.transaction():
            for statement in split(migration.up if up else migration.down, "postgres"):
                try:
                    self._connection.execute(statement.encode())
                except psycopg.Error as error:
                    raise _failed(component, migration, statement, error) from error
            key = (component, migration.version)
            if up:
                self._connection.execute(
                    "INSERT INTO migrations.history VALUES (%s, %s, %s, %s)",
                    (*key, migration.name, migration.checksum),
                )
            else:
                self._connection.execute(
                    "DELETE FROM migrations.history WHERE component = %s AND version = %s", key
                )


def read_folder(folder: Path) -> list[Migration]:
    """All migrations of a folder, oldest first; MigrationError on names that do not pair up."""
    texts: dict[tuple[int, str], dict[str, str]] = {}
    for path in sorted(folder.glob("*.sql")):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path}: name it NNNN_name.up.sql or NNNN_name.down.sql")
        texts.setdefault((int(match["version"]), match["name"]), {})[match["way"]] = (
            path.read_text()
        )
    versions = [version for version, _ in texts]
    for (version, name), both in texts.items():
        if versions.count(version) > 1:
            raise MigrationError(f"{folder}: two migrations have the number {version:04d}")
        if len(both) != 2:
            raise MigrationError(f"{folder}: {version:04d}_{name} lacks its up or its down file")
    return [Migration(version, name, **both) for (version, name), both in sorted(texts.items())]


def migrate(
    target: Target, component: str, folder: Path, version: int | None = None
) -> list[Migration]:
    """Bring `component` up or down to `version` (None: the latest; 0: nothing left).

    Returns what was run, in order. MigrationError when an applied file was edited or is missing.
    """
    migrations = read_folder(folder)
    goal = max((m.version for m in migrations), default=0) if version is None else version
    _check_history(component, folder, migrations, target.applied(component))
    if not any(_steps(migrations, target.applied(component), goal)):
        return []  # nearly always, and then nobody waits for a lock
    with target.locked():
        applied = target.applied(component)
        _check_history(component, folder, migrations, applied)
        down, up = _steps(migrations, applied, goal)
        for migration in down:
            target.run(component, migration, up=False)
        for migration in up:
            target.run(component, migration, up=True)
    return down + up


def _steps(
    migrations: Sequence[Migration], applied: Container[int], goal: int
) -> tuple[list[Migration], list[Migration]]:
    """What is to be taken back, and what to be applied, each in order."""
    down = [m for m in reversed(migrations) if m.version in applied and m.version > goal]
    up = [m for m in migrations if m.version not in applied and m.version <= goal]
    return down, up


def _check_history(
    component: str, folder: Path, migrations: list[Migration], applied: dict[int, str]
) -> None:
    known = {migration.version: migration for migration in migrations}
    for version, checksum in sorted(applied.items()):
        if version not in known:
            raise MigrationError(
                f"{component}: version {version:04d} is applied but not in {folder}: "
                "use the release that made it, or newer"
            )
        if checksum not in known[version].checksums:
            raise MigrationError(
                f"{component}: {version:04d}_{known[version].name}.up.sql was edited after it was "
                "applied: restore it and put the change into a new migration"
            )


def _failed(
    component: str, migration: Migration, statement: str, error: Exception
) -> MigrationError:
    start = " ".join(statement.split())[:80]
    reason = str(error).strip().splitlines()[0][:300]
    return MigrationError(
        f"{component}: {migration.version:04d}_{migration.name} failed at `{start}…`: {reason}"
    )
