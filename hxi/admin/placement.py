"""DDL for the kind of ClickHouse there is, and the look that refuses one that does not fit."""

import re
from collections.abc import Sequence

from clickhouse_connect.driver.client import Client

from hxi.admin.errors import PlacementError
from ingest.errors import SettingsError
from ingest.sinks.placement import VARIABLE, Placement, placement

# All that the warehouse makes; dbt fills the last two.
DATABASES = ("migrations", "raw", "ops", "signals", "gosight", "intermediate")
# `{shard}` and `{replica}` are macros of each server.
REPLICATES = "ENGINE = Replicated('/clickhouse/databases/{name}', '{{shard}}', '{{replica}}')"
_DATABASES = (
    "SELECT name FROM system.databases WHERE name IN ({names}) AND engine {operator} 'Replicated'"
    " ORDER BY name"
)
_KEEPER = "SELECT name FROM system.tables WHERE database = 'system' AND name = 'zookeeper'"
_SHARDS = (
    "SELECT DISTINCT toString(shard_num) FROM system.clusters WHERE cluster IN"
    " (SELECT name FROM system.databases WHERE engine = 'Replicated')"
)
_CREATE_DATABASE = re.compile(
    r"\A((?:\s|--[^\n]*\n)*CREATE DATABASE (?:IF NOT EXISTS )?(\w+))\s*\Z", re.IGNORECASE
)
_ENGINE = re.compile(r"(\bENGINE\s*=\s*)((?:Replacing|Summing|Aggregating)?MergeTree\b)")


def chosen() -> Placement:
    """From the environment; PlacementError when it names none."""
    try:
        return placement()
    except SettingsError as error:
        raise PlacementError(str(error)) from error


def rewritten(statement: str, where: Placement) -> str:
    """The statement as this placement needs it.

    Replicated: databases that replicate their tables, tables that replicate their rows. Cloud does
    both by itself.
    """
    if where != Placement.REPLICATED:
        return statement
    database = _CREATE_DATABASE.match(statement)
    if database:
        return f"{database[1]} {REPLICATES.format(name=database[2])}"
    return _ENGINE.sub(r"\1Replicated\2", statement)


def make_databases(client: Client, where: Placement) -> None:
    """Those that dbt would make without their engine."""
    for name in DATABASES if where == Placement.REPLICATED else ():
        client.command(rewritten(f"CREATE DATABASE IF NOT EXISTS {name}", where))


def require(client: Client, where: Placement) -> None:
    """PlacementError, in one line, when the server is not what the placement says."""
    reason = misfit(client, where)
    if reason:
        raise PlacementError(f"{VARIABLE}={where} does not fit this ClickHouse: {reason}")


def misfit(client: Client, where: Placement) -> str | None:
    """Why the server does not fit; None when it does."""
    is_cloud = "1" in _texts(client, "SELECT value FROM system.settings WHERE name = 'cloud_mode'")
    if is_cloud != (where == Placement.CLOUD):
        right = Placement.CLOUD if is_cloud else f"{Placement.SINGLE} or {Placement.REPLICATED}"
        return f"it is {'' if is_cloud else 'not '}ClickHouse Cloud: set {right}"
    if where == Placement.CLOUD:
        return None
    names = ", ".join(f"'{name}'" for name in DATABASES)
    replicated = _texts(client, _DATABASES.format(names=names, operator="="))
    plain = _texts(client, _DATABASES.format(names=names, operator="!="))
    if where == Placement.SINGLE:
        return f"databases {', '.join(replicated)} replicate" if replicated else None
    if plain:
        return f"databases {', '.join(plain)} do not replicate; begin on an empty server"
    return _not_replicating(client)


def _not_replicating(client: Client) -> str | None:
    """What of its configuration a server lacks."""
    if not _texts(client, _KEEPER):
        return "it has no keeper (<zookeeper> in its configuration)"
    lacking = {"shard", "replica"} - set(_texts(client, "SELECT macro FROM system.macros"))
    if lacking:
        return f"it has no macro {' and '.join(sorted(lacking))} (<macros> in its configuration)"
    if len(_texts(client, _SHARDS)) > 1:
        return "its databases have several shards; the warehouse needs one"
    return None


def _texts(client: Client, query: str) -> Sequence[str]:
    return [str(value) for (value,) in client.query(query).result_rows]
