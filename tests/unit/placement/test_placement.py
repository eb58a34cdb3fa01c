"""One switch says what kind of ClickHouse there is: DDL, settings and waiting follow it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from hxi.admin import placement
from hxi.admin.errors import PlacementError
from hxi.admin.migrations import ClickHouseTarget, Migration
from ingest.sinks.placement import VARIABLE, Placement, as_writer
from orchestration.plan import replicas


@dataclass
class Server:
    """Answers what it is asked about itself, and keeps commands and settings."""

    settings: Sequence[str] = ()
    replicas: Sequence[str] = ()
    cloud_mode: str = "0"
    version: str = "25008001"
    databases: Sequence[tuple[str, str]] = ()
    tables: Sequence[tuple[str, str]] = ()
    macros: Sequence[str] = ("cluster", "replica", "shard")
    shards: Sequence[int] = (1,)
    has_keeper: bool = True
    commands: list[str] = field(default_factory=list)
    set: dict[str, Any] = field(default_factory=dict)

    @property
    def server_settings(self) -> dict[str, None]:
        return dict.fromkeys(self.settings)

    def query(self, query: str, **_: Any) -> Any:
        if "system.replicas" in query:
            return SimpleNamespace(result_rows=[(one,) for one in self.replicas])
        if "migrations.history" in query:
            raise DatabaseError("Code: 81. DB::Exception: Database migrations does not exist")
        itself = (self.cloud_mode, self.version, self.databases, self.tables)
        cluster = (self.macros, self.shards, self.has_keeper)
        return SimpleNamespace(result_rows=[cluster if "system.macros" in query else itself])

    def command(self, statement: str) -> None:
        self.commands.append(statement)

    def insert(self, *_: Any, **__: Any) -> None:
        """Rows of the history."""

    def set_client_setting(self, name: str, value: Any) -> None:
        self.set[name] = value

    @property
    def client(self) -> Client:
        return cast(Client, self)


RAW = (
    "ON CLUSTER '{cluster}'"
    " ENGINE = Replicated('/clickhouse/databases/raw', '{shard}', '{replica}')"
)


@pytest.mark.parametrize(
    ("statement", "replicated"),
    [
        ("-- Why.\nCREATE DATABASE raw", f"-- Why.\nCREATE DATABASE raw {RAW}"),
        ("ENGINE = MergeTree ORDER BY a", "ENGINE = ReplicatedMergeTree ORDER BY a"),
        ("ENGINE = SummingMergeTree(n)", "ENGINE = ReplicatedSummingMergeTree(n)"),
        ("ENGINE = ReplicatedMergeTree", "ENGINE = ReplicatedMergeTree"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 1"),
        (
            "CREATE OR REPLACE TABLE t (a Int8)\nENGINE = MergeTree\nAS SELECT a FROM t",
            "CREATE OR REPLACE TABLE t (a Int8)\nENGINE = ReplicatedMergeTree",
        ),
    ],
)
def test_ddl_is_rewritten_for_servers_that_replicate_alone(statement: str, replicated: str) -> None:
    assert placement.rewritten(statement, Placement.REPLICATED) == replicated
    assert placement.rewritten(statement, Placement.SINGLE) == statement
    assert placement.rewritten(statement, Placement.CLOUD) == statement


def test_the_migrator_sends_rewritten_statements() -> None:
    server = Server()
    target = ClickHouseTarget(server.client, Placement.REPLICATED)
    target.applied("raw")
    target.run("raw", Migration(1, "one", "CREATE DATABASE raw;", ""), up=True)
    assert ["Replicated" in one for one in server.commands] == [True] * 3


@pytest.mark.parametrize(
    ("known", "sent"),
    [
        (["insert_deduplicate"], {"insert_deduplicate": "0"}),
        (["insert_deduplicate", "deduplicate_insert"], {"deduplicate_insert": "disable"}),
    ],
)
def test_equal_blocks_are_kept_by_the_setting_that_the_server_has(
    known: list[str], sent: dict[str, str]
) -> None:
    server = Server(known)
    as_writer(server.client)
    assert server.set == sent


def test_a_writer_of_replicas_waits_for_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "replicated")
    server = Server(["insert_deduplicate"], ["gosight.sessions", "ops.done"])
    as_writer(server.client)
    assert server.set["mutations_sync"] == server.set["lightweight_deletes_sync"] == 2
    replicas.wait_for_plan(server.client)
    assert "SYSTEM SYNC REPLICA ON CLUSTER '{cluster}' ops.plan_days LIGHTWEIGHT" in server.commands
    server.commands.clear()
    replicas.wait_for_all(server.client)
    assert [one.split()[6] for one in server.commands] == ["gosight.sessions", "ops.done"]


def test_a_single_server_is_not_waited_for() -> None:
    server = Server(replicas=["gosight.sessions"])
    replicas.wait_for_plan(server.client)
    replicas.wait_for_all(server.client)
    assert server.commands == []


@pytest.mark.parametrize(
    ("where", "server", "reason"),
    [
        ("single", Server(), None),
        ("single", Server(version="24008014"), "it is release 24.8; 25.8 or newer is needed"),
        ("single", Server(cloud_mode="1"), "it is ClickHouse Cloud: set cloud"),
        ("single", Server(databases=[("raw", "Replicated")]), "raw replicate: set replicated"),
        ("single", Server(tables=[("raw.events", "ReplicatedMergeTree")]), "raw.events replicate"),
        ("cloud", Server(), "it is not ClickHouse Cloud: set single or replicated"),
        ("cloud", Server(cloud_mode="1", databases=[("raw", "Shared")]), None),
        ("replicated", Server(databases=[("raw", "Replicated")]), None),
        ("replicated", Server(databases=[("ops", "Atomic")]), "ops do not replicate; begin on"),
        (
            "replicated",
            Server(tables=[(f"raw.{name}", "MergeTree") for name in "dcba"]),
            "raw.a, raw.b, raw.c … do not replicate",
        ),
        ("replicated", Server(has_keeper=False), "it has no keeper"),
        ("replicated", Server(macros=["shard"]), "it has no macro cluster and replica"),
        ("replicated", Server(shards=[1, 2]), "a cluster of 2 shards"),
        ("replicated", Server(shards=[]), "a cluster of 0 shards"),
    ],
)
def test_a_server_that_does_not_fit_is_refused_in_one_line(
    where: str, server: Server, reason: str | None
) -> None:
    found = placement.misfit(server.client, Placement(where))
    assert (found is None) == (reason is None)
    assert (reason or "") in (found or "")
    if reason:
        with pytest.raises(PlacementError, match="does not fit this ClickHouse") as refusal:
            placement.require(server.client, Placement(where))
        assert "\n" not in str(refusal.value)


def test_an_unknown_placement_names_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "sharded")
    with pytest.raises(PlacementError, match="one of single, replicated, cloud, not 'sharded'"):
        placement.chosen()
