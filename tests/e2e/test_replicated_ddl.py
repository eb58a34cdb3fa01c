"""The warehouse's DDL and deletes where servers replicate: each is taken, and may be replayed.

With Debian's ZooKeeper the embedded engine makes replicated tables and keeps them read-only, so
that rows replicate is not shown here: `make cluster-test` is for that.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin.folder import CHECKOUT
from hxi.admin.migrations import read_folder
from hxi.admin.placement import CLUSTER, DATABASES, rewritten
from hxi.admin.prepare import CLICKHOUSE_COMPONENTS
from hxi.admin.sql_statements import split
from ingest.sinks.placement import Placement
from orchestration.run.refresh import refresh
from orchestration.stores.clients import integer
from stack.embedded import Stack
from tests.conftest import variables_of
from tests.e2e.conftest import PlannedWarehouse

JARS = Path("/usr/share/java")
ENGINE = Path(__file__).with_name("replicated_engine.py")
Place = tuple[str, str]
WHERE = re.compile(r"\swhere\s", re.IGNORECASE)
UNKNOWN_TABLE = 60
READ_ONLY = 242
# A delete that was understood is handed to the table, which is read-only.
HANDED_ON = 236
ZOO_CFG = """tickTime=2000
dataDir={folder}
clientPort={port}
clientPortAddress=127.0.0.1
admin.enableServer=false
4lw.commands.whitelist=ruok
"""


@pytest.fixture
def zookeeper(tmp_path: Path) -> Iterator[int]:
    """Its port; Debian's, as .ci/run installs it."""
    java = shutil.which("java")
    if java is None or not (JARS / "zookeeper.jar").is_file():
        pytest.skip("needs Debian's package zookeeper: apt-get install zookeeper")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    config = tmp_path / "zoo.cfg"
    config.write_text(ZOO_CFG.format(folder=tmp_path / "zookeeper", port=port))
    main = "org.apache.zookeeper.server.ZooKeeperServerMain"
    command = [java, "-Xmx128m", "-cp", f"{JARS}/*", main, str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    for _ in range(120):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"ruok")
                if connection.recv(4) == b"imok":
                    return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError("ZooKeeper does not answer")


def _told(statements: list[str], folder: Path, port: int) -> list[tuple[int, str] | None]:
    """Each table gets the UUID that a database that replicates would give it."""
    created = re.compile(r"(CREATE (?:OR REPLACE )?TABLE (?:IF NOT EXISTS )?\w+\.\w+)")
    given = [created.sub(rf"\1 UUID '{uuid4()}'", one) for one in statements]
    made = subprocess.run(
        [sys.executable, str(ENGINE), str(folder), str(port)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found: list[tuple[int, str] | None] = json.loads(made.stdout)
    return found


def test_every_migration_is_taken_where_servers_replicate(zookeeper: int, tmp_path: Path) -> None:
    """What changes a table that is there is refused, because it is read-only."""
    statements = [
        rewritten(statement, Placement.REPLICATED).partition(" ON CLUSTER '")[0]
        for folder in CLICKHOUSE_COMPONENTS.values()
        for migration in read_folder(CHECKOUT / folder)
        for statement in split(migration.up, "clickhouse")
    ]
    # The look at a server, at the configuration that is shipped; a keeper's table is on servers.
    fits = f"""SELECT throwIf(NOT hasAll(macros, ['cluster', 'replica', 'shard']) OR shards != [1])
        FROM ({CLUSTER})"""
    statements.insert(0, fits)
    told = _told(statements, tmp_path / "migrations", zookeeper)
    refused = [(*one, statement) for one, statement in zip(told, statements, strict=True) if one]
    assert len(statements) > 40
    assert [one for one in refused if one[0] != READ_ONLY] == []
    assert [one for one in refused if "ALTER TABLE" not in one[2]] == []


@dataclass(frozen=True)
class Refreshed:
    """A full refresh: its DELETEs, and copies of what they delete from, as it was before."""

    client: Client
    deletes: list[str]
    copies: Mapping[Place, str]


@pytest.fixture(scope="module")
def refreshed(planned_warehouse: PlannedWarehouse, stack: Stack) -> Iterator[Refreshed]:
    """A first run has nothing to delete: all is built once more."""
    client = planned_warehouse.client
    began = str(client.command("SELECT now64(6, 'UTC')"))
    copies = {
        (database, name): f"replica.{database}_{name}"
        for database, name in client.query(
            "SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree'"
            " AND database IN ('gosight', 'signals') ORDER BY 1, 2"
        ).result_rows
    }
    client.command("CREATE DATABASE replica")
    for place, copy in copies.items():
        client.command(f"CREATE TABLE {copy} CLONE AS {'.'.join(place)}")
    with variables_of(stack.endpoints):
        refresh(full=True)
    deletes = _texts(
        client,
        "SELECT DISTINCT query FROM system.query_log WHERE query_kind = 'Delete'"
        " AND type = 'QueryFinish' AND hasAny(databases, {databases:Array(String)})"
        f" AND event_time_microseconds > toDateTime64('{began}', 6, 'UTC')",
    )
    yield Refreshed(client, deletes, copies)
    client.command("DROP DATABASE replica")


def test_a_delete_that_is_replayed_when_its_plan_is_closed_leaves_rows_right(
    refreshed: Refreshed,
) -> None:
    """On a replica that has what was there before: all the plan named goes, what was written comes.

    Without the plan's rows the delete would find nothing, and every row would be there twice.
    """
    client = refreshed.client
    assert client.query("SELECT plan_id FROM ops.open_plan").result_rows == [(0,)]
    replayed = [(_place(text), text) for text in refreshed.deletes]
    replayed = [(place, text) for place, text in replayed if place in refreshed.copies]
    assert len({place for place, _ in replayed}) > 20
    for place, text in replayed:
        copy, condition = refreshed.copies[place], WHERE.split(text, maxsplit=1)[1]
        before = _rows(client, copy)
        client.command(f"DELETE FROM {copy} WHERE {condition}")
        assert _rows(client, copy) < before, text
        client.command(f"INSERT INTO {copy} SELECT * FROM {'.'.join(place)} WHERE {condition}")
        assert _sum(client, copy) == _sum(client, ".".join(place)), text


def _rows(client: Client, table: str) -> int:
    return integer(client, f"SELECT count() FROM {table}")


def _sum(client: Client, table: str) -> object:
    return client.query(f"SELECT count(), sum(cityHash64(*)) FROM {table}").first_row


def test_every_table_and_delete_is_taken_where_servers_replicate(
    refreshed: Refreshed, zookeeper: int, tmp_path: Path
) -> None:
    tables = _texts(
        refreshed.client,
        "SELECT create_table_query FROM system.tables WHERE database IN {databases:Array(String)}"
        " ORDER BY engine = 'View', metadata_modification_time",
    )
    live = {_place(one) for one in tables}
    deletes = [one for one in refreshed.deletes if _place(one) in live]
    assert {_place(one)[0] for one in deletes} >= {"gosight", "signals"}
    assert [one for one in deletes if "ops.planned_" in one or "open_plan" in one] == []

    databases = [f"CREATE DATABASE {name}" for name in DATABASES]
    replicated = [rewritten(one, Placement.REPLICATED) for one in tables]
    assert sum("ENGINE = Replicated" in one for one in replicated) > 30
    # Views that read later ones are made in the second round.
    statements = [*databases, *replicated, *replicated, *deletes]
    told = _told(statements, tmp_path / "live", zookeeper)
    second, last = len(databases) + len(tables), len(statements) - len(deletes)
    first_round = zip(statements[:second], told[:second], strict=True)
    assert [one for one in first_round if one[1] and one[1][0] != UNKNOWN_TABLE] == []
    created = zip(told[len(databases) : second], told[second:last], strict=True)
    assert [again for first, again in created if first and again] == []
    refused = zip(deletes, told[last:], strict=True)
    assert [one for one in refused if one[1] and one[1][0] != HANDED_ON] == []


def _place(statement: str) -> Place:
    """Database and table of a CREATE TABLE, CREATE VIEW or DELETE, whoever wrote it."""
    place = re.search(r"\b(?:FROM|TABLE|VIEW)\s+`?(\w+)`?\.`?(\w+)`?", statement, re.IGNORECASE)
    assert place, statement
    return place[1], place[2]


def _texts(client: Client, query: str) -> list[str]:
    client.command("SYSTEM FLUSH LOGS")
    found = client.query(query, parameters={"databases": list(DATABASES)})
    return [str(text) for (text,) in found.result_rows]
