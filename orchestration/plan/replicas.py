"""Waiting for replicas, where the warehouse's servers replicate each other.

A delete names its rows by the plan's own rows, and each replica looks them up in its copy: these
are everywhere before the first delete. `ops.done` never outruns the marts: a replica that takes
over from the writer has all that it says was built.
"""

from collections.abc import Sequence

from clickhouse_connect.driver.client import Client

from ingest.sinks.placement import Placement, placement

PLAN_TABLES = ("ops.plan_sessions", "ops.plan_days", "ops.plan_settings", "ops.plans")
# `{cluster}` is a macro of the servers.
_SYNC = "SYSTEM SYNC REPLICA ON CLUSTER '{{cluster}}' {table} LIGHTWEIGHT"
_TABLES = "SELECT concat(database, '.', table) FROM system.replicas ORDER BY 1"


def wait_for_plan(client: Client) -> None:
    """Return when every replica has the rows of the plans."""
    _wait(client, PLAN_TABLES)


def wait_for_all(client: Client) -> None:
    """Return when every replica has all that was written."""
    if placement() == Placement.REPLICATED:
        _wait(client, [str(table) for (table,) in client.query(_TABLES).result_rows])


def _wait(client: Client, tables: Sequence[str]) -> None:
    """Fails with the server's error when a replica is away: the plan stays open."""
    if placement() != Placement.REPLICATED:
        return
    for table in tables:
        client.command(_SYNC.format(table=table))
