"""One switch says what kind of ClickHouse there is: DDL, settings and waiting follow it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import placement
from hxi.admin.errors import PlacementError
from hxi.admin.migrations import ClickHouseTarget, Migration
from ingest.sinks.placement import VARIABLE, Placement, as_writer
from orchestration.plan import replicas


class Server:
    """Answers queries by a word in them, and keeps commands and settings."""

    def __init__(self, *settings: str, **answers: list[str]) -> None:
        self.server_settings = dict.fromkeys(settings)
        self.answers = answers
        self.commands: list[str] = []
        self.set: dict[str, Any] = {}

    def query(self, query: str, **_: Any) -> Any:
        found = next((rows for word, rows in self.answers.items() if word in query), [])
        return SimpleNamespace(result_rows=[(one,) for one in found])

    def command(self, statement: str) -> None:
        self.commands.append(statement)

    def insert(self, *_: Any, **__: Any) -> None:
        """Rows of the history."""

    def set_client_setting(self, name: str, value: Any) -> None:
        self.set[name] = value

    @property
    def client(self) -> Client:
        return cast(Client, self)


RAW = "ENGINE = Replicated('/clickhouse/databases/raw', '{shard}', '{replica}')"


@pytest.mark.parametrize(
    ("statement", "replicated"),
    [
        ("-- Why.\nCREATE DATABASE raw", f"-- Why.\nCREATE DATABASE raw {RAW}"),
        ("ENGINE = MergeTree ORDER BY a", "ENGINE = ReplicatedMergeTree ORDER BY a"),
        ("ENGINE = SummingMergeTree(n)", "ENGINE = ReplicatedSummingMergeTree(n)"),
        ("ENGINE = ReplicatedMergeTree", "ENGINE = ReplicatedMergeTree"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 1"),
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
    server = Server(*known)
    as_writer(server.client)
    assert server.set == sent


def test_a_writer_of_replicas_waits_for_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "replicated")
    server = Server("insert_deduplicate", replicas=["gosight.sessions", "ops.done"])
    as_writer(server.client)
    assert server.set["mutations_sync"] == server.set["lightweight_deletes_sync"] == 2
    replicas.wait_for_plan(server.client)
    assert "SYSTEM SYNC REPLICA ON CLUSTER ops ops.plan_days LIGHTWEIGHT" in server.commands
    server.commands.clear()
    replicas.wait_for_all(server.client)
    assert [one.split()[6] for one in server.commands] == ["gosight.sessions", "ops.done"]


def test_a_single_server_is_not_waited_for() -> None:
    server = Server(replicas=["gosight.sessions"])
    replicas.wait_for_plan(server.client)
    replicas.wait_for_all(server.client)
    assert server.commands == []


FITS = {"zookeeper": ["zookeeper"], "macros": ["shard", "replica"]}


@pytest.mark.parametrize(
    ("where", "answers", "reason"),
    [
        ("single", {}, None),
        ("single", {"cloud_mode": ["1"]}, "it is ClickHouse Cloud: set cloud"),
        ("single", {"engine =": ["raw"]}, "databases raw replicate"),
        ("cloud", {}, "it is not ClickHouse Cloud: set single or replicated"),
        ("cloud", {"cloud_mode": ["1"]}, None),
        ("replicated", FITS, None),
        ("replicated", {**FITS, "engine !=": ["ops"]}, "databases ops do not replicate"),
        ("replicated", {**FITS, "zookeeper": []}, "it has no keeper"),
        ("replicated", {**FITS, "macros": ["shard"]}, "it has no macro replica"),
        ("replicated", {**FITS, "shard_num": ["1", "2"]}, "have several shards"),
    ],
)
def test_a_server_that_does_not_fit_is_refused_in_one_line(
    where: str, answers: dict[str, list[str]], reason: str | None
) -> None:
    server = Server(**answers)
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
