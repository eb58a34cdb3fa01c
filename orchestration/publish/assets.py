"""Assets landing/*, hxi/* and traceflow/*: the copy and the merge of the run's plan."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

import dagster as dg
from clickhouse_connect.driver.client import Client

from orchestration.lease.resource import POOL, RunResource
from orchestration.plan.plan import last_closed_ms
from orchestration.publish.agreement import DisagreementError, differences, expected
from orchestration.publish.comments import comments, write_comments
from orchestration.publish.copy import copy_plan
from orchestration.publish.landing import LANDING_TABLES, PLANNED_SESSIONS
from orchestration.publish.merge import UNCHANGED, Changes, merge_plan
from orchestration.publish.parts import Part, due, next_slice
from orchestration.publish.tables import (
    SERVED_TABLES,
    SESSIONS,
    TRACEFLOW_SESSIONS,
    UX_ISSUES,
    ServedTable,
)
from orchestration.transform.project import POSTGRES

LANDING = "landing"
AGREES = "agrees_with_marts"
ISSUE_SESSIONS = "traceflow_ux_issue_sessions"
Event: TypeAlias = dg.MaterializeResult[None] | dg.AssetCheckResult


def _landing_specs() -> Iterator[dg.AssetSpec]:
    for table in LANDING_TABLES:
        origin = "ops" if table is PLANNED_SESSIONS else "gosight"
        yield dg.AssetSpec(
            [LANDING, table.name],
            deps=[[origin, table.name]],
            group_name=LANDING,
            kinds={"postgres"},
        )


def _served_specs() -> Iterator[dg.AssetSpec]:
    """Every table depends on the sessions too: rows belong to them, users are derived from them."""
    for table in SERVED_TABLES:
        parent = SESSIONS if table.schema == SESSIONS.schema else TRACEFLOW_SESSIONS
        yield dg.AssetSpec(
            _key(table),
            deps=[["stage", model] for model in sorted({parent.model, _shaped_by(table)})],
            group_name=table.schema,
            kinds={"postgres"},
        )


def _shaped_by(table: ServedTable) -> str:
    """Issues are rolled up from their sessions."""
    return ISSUE_SESSIONS if table is UX_ISSUES else table.model


def _landing_keys() -> list[dg.AssetKey]:
    return [dg.AssetKey([LANDING, table.name]) for table in LANDING_TABLES]


def _key(table: ServedTable) -> dg.AssetKey:
    return dg.AssetKey([table.schema, table.name])


@dg.multi_asset(specs=list(_landing_specs()), name="landing_tables", pool=POOL)
def landing_tables(context: dg.AssetExecutionContext, run: RunResource) -> Iterator[Event]:
    """Copies what the plan names; nothing planned leaves the tables as they are."""
    run.marts_are_built(context)
    rows = {table.name: 0 for table in LANDING_TABLES}
    started = time.monotonic()
    with run.step(_landing_keys()) as plan:
        if plan.sessions:
            with run.postgres() as connection:
                rows = copy_plan(run.clickhouse(), connection, plan.plan_id, fence=run.fence())
    measured = run.measured(started)
    for name, count in rows.items():
        yield dg.MaterializeResult(
            asset_key=[LANDING, name], metadata={"rows_written": count, **measured}
        )


@dg.multi_asset(
    specs=list(_served_specs()),
    check_specs=[dg.AssetCheckSpec(AGREES, asset=_key(SESSIONS))],
    name="served_tables",
    pool=POOL,
)
def served_tables(run: RunResource) -> Iterator[Event]:
    """Merges what was copied, all tables in one transaction, and compares them with the marts."""
    changes = {table.name: UNCHANGED for table in SERVED_TABLES}
    started = time.monotonic()
    with run.step(map(_key, SERVED_TABLES)) as plan:
        # The marts are read while PostgreSQL merges.
        with run.postgres() as connection, ThreadPoolExecutor(1, "marts") as beside:
            of_marts = beside.submit(expected, run.clickhouse(), parts=parts_due(run))
            if plan.sessions:
                changes = merge_plan(connection, plan.plan_id, fence=run.fence())
                write_comments(connection, comments(SERVED_TABLES, POSTGRES.models()))
            found = differences(connection, of_marts.result())
        yield from _results(changes, run.measured(started))
        yield dg.AssetCheckResult(
            asset_key=_key(SESSIONS),
            check_name=AGREES,
            passed=not found,
            metadata={"differences": [str(difference) for difference in found]},
        )
        if found:
            raise DisagreementError(f"{found[0]}: rebuild with `hxi run --full-refresh`")


def parts_due(run: RunResource) -> tuple[Part, ...]:
    """What this run compares of the marts with other stores."""
    client = run.clickhouse()
    ask = partial(due, client, run.plan().sessions, lambda: _slice_due(client))
    return run.once("parts due", ask)


def _slice_due(client: Client) -> int | None:
    return next_slice(last_closed_ms(client), time.time())


def _results(
    changes: Mapping[str, Changes], measured: Mapping[str, float | str]
) -> Iterator[dg.MaterializeResult[None]]:
    for table in SERVED_TABLES:
        change = changes[table.name]
        yield dg.MaterializeResult(
            asset_key=_key(table),
            metadata={
                "rows_written": change.inserted + change.updated,
                "rows_inserted": change.inserted,
                "rows_updated": change.updated,
                "rows_deleted": change.deleted,
                **measured,
            },
        )


def assets() -> list[dg.AssetsDefinition]:
    """What this stage defines."""
    return [landing_tables, served_tables]
