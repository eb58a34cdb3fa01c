"""DDL for the kind of ClickHouse there is, and the look that refuses one that does not fit."""

import re
from collections.abc import Sequence

from clickhouse_connect.driver.client import Client

from hxi.admin.errors import PlacementError
from ingest.errors import SettingsError
from ingest.sinks.placement import VARIABLE, Placement, placement

# All that the warehouse makes; dbt fills the last two.
DATABASES = ("migrations", "raw", "ops", "signals", "gosight", "intermediate")
OLDEST = (25, 8)
# A database that replicates is still made on each server by itself. `{cluster}`, `{shard}` and
# `{replica}` are macros of each server.
REPLICATES = (
    "ON CLUSTER '{{cluster}}'"
    " ENGINE = Replicated('/clickhouse/databases/{name}', '{{shard}}', '{{replica}}')"
)
SHOWN = 3  # of names in a refusal
MACROS = {"cluster", "shard", "replica"}
_SERVER = f"""
SELECT
    (SELECT value FROM system.settings WHERE name = 'cloud_mode'),
    (SELECT value FROM system.build_options WHERE name = 'VERSION_INTEGER'),
    (SELECT groupArray((name, engine)) FROM system.databases WHERE name IN {DATABASES}),
    (SELECT groupArray((concat(database, '.', name), engine)) FROM system.tables
     WHERE database IN {DATABASES} AND engine LIKE '%MergeTree')
"""
# The shards of the cluster that the macro names, and whether there is a keeper.
CLUSTER = """
SELECT
    (SELECT groupArray(macro) FROM system.macros) AS macros,
    (SELECT groupUniqArray(shard_num) FROM system.clusters
     WHERE cluster IN (SELECT substitution FROM system.macros WHERE macro = 'cluster')) AS shards,
    EXISTS (SELECT 1 FROM system.tables WHERE database = 'system' AND name = 'zookeeper')
        AS has_keeper
"""
_CREATE_DATABASE = re.compile(
    r"\A((?:\s|--[^\n]*\n)*CREATE DATABASE (?:IF NOT EXISTS )?(\w+))\s*\Z", re.IGNORECASE
)
_ENGINE = re.compile(r"(\bENGINE\s*=\s*)((?:Replacing|Summing|Aggregating)?MergeTree\b)")
_MADE_ANEW = re.compile(r"(CREATE OR REPLACE TABLE .*?)\nAS SELECT .*", re.DOTALL)


def chosen() -> Placement:
    """From the environment; PlacementError when it names none."""
    try:
        return placement()
    except SettingsError as error:
        raise PlacementError(str(error)) from error


def rewritten(statement: str, where: Placement) -> str:
    """The statement as this placement needs it.

    Replicated: databases that replicate their tables, tables that replicate their rows. Cloud does
    both by itself. A table that is made anew begins empty: databases that replicate take no
    CREATE … AS SELECT, and there was none yet when a migration copied rows.
    """
    if where != Placement.REPLICATED:
        return statement
    database = _CREATE_DATABASE.match(statement)
    if database:
        return f"{database[1]} {REPLICATES.format(name=database[2])}"
    return _MADE_ANEW.sub(r"\1", _ENGINE.sub(r"\1Replicated\2", statement))


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
    """Why the server does not fit; None when it does. One statement, for replicas a second."""
    ((cloud_mode, version, databases, tables),) = client.query(_SERVER).result_rows
    release = divmod(int(version) // 1000, 1000)
    if release < OLDEST:
        return f"it is release {_text(release)}; {_text(OLDEST)} or newer is needed"
    if (cloud_mode == "1") != (where == Placement.CLOUD):
        right = f"{Placement.SINGLE} or {Placement.REPLICATED}"
        return (
            f"it is ClickHouse Cloud: set {Placement.CLOUD}"
            if cloud_mode == "1"
            else (f"it is not ClickHouse Cloud: set {right}")
        )
    if where == Placement.CLOUD:
        return None
    replicating = where == Placement.REPLICATED
    return _misplaced([*databases, *tables], replicating=replicating) or (
        _not_replicating(client) if replicating else None
    )


def _misplaced(made: Sequence[tuple[str, str]], *, replicating: bool) -> str | None:
    """What is there and has the other kind's engine; `made` has names and engines."""
    names = sorted(one for one, engine in made if engine.startswith("Replicated") != replicating)
    if not names:
        return None
    shown = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
    if replicating:
        return f"{shown} do not replicate; begin on empty servers"
    return f"{shown} replicate: set {Placement.REPLICATED}"


def _not_replicating(client: Client) -> str | None:
    """What of its configuration a server lacks."""
    ((macros, shards, has_keeper),) = client.query(CLUSTER).result_rows
    if not has_keeper:
        return "it has no keeper (<zookeeper> in its configuration)"
    if lacking := MACROS - set(macros):
        return f"it has no macro {' and '.join(sorted(lacking))} (<macros> in its configuration)"
    if len(shards) != 1:
        return f"its macro cluster names a cluster of {len(shards)} shards; the warehouse needs one"
    return None


def _text(release: tuple[int, int]) -> str:
    return ".".join(map(str, release))
