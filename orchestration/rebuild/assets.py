"""The plan as assets: opened before events are read, closed when all is built and published."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
from clickhouse_connect.driver.exceptions import ClickHouseError

from orchestration.lease.resource import NOTHING, POOL, RunResource
from orchestration.plan import plan
from orchestration.plan import projects as names
from orchestration.rebuild import dead_rows, wanted
from orchestration.retention.late import late_beyond_retention

PLANNED = dg.AssetKey(["ops", "planned_sessions"])
DAYS = dg.AssetKey(["ops", "planned_days"])
SHOWN = 5  # of tables that are missing
NOTHING_LATE = "nothing_beyond_retention"


@dg.asset(
    key=PLANNED,
    group_name="plan",
    deps=[dg.AssetKey(["raw", "session_index"]), dg.AssetKey(["raw", "predictions"])],
    kinds={"clickhouse"},
    pool=POOL,
    check_specs=[dg.AssetCheckSpec(NOTHING_LATE, asset=PLANNED)],
)
def planned_sessions(
    run: RunResource,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Sessions whose rows in raw, or whose rules, changed since they were built; one row each."""
    with run.postgres() as connection:
        settings = wanted.settings(run.clickhouse(), connection)
    full = run.full_refresh or wanted.lacks_a_table(run.clickhouse())
    opened = run.open_plan(settings, full=full)
    late = late_beyond_retention(run.clickhouse())
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": opened.sessions,
            "plan_id": opened.plan_id,
            "late_beyond_retention": late.total,
        }
    )
    yield dg.AssetCheckResult(
        check_name=NOTHING_LATE,
        passed=not late.waiting,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"events_waiting_to_expire": late.waiting},
    )


@dg.asset(
    key=DAYS,
    group_name="days",
    deps=[dg.AssetKey(["gosight", "events"])],
    kinds={"clickhouse"},
    pool=POOL,
)
def planned_days(run: RunResource) -> dg.MaterializeResult[None]:
    """Days the planned sessions touch, before and after; one row per project and day."""
    with run.step([DAYS]) as opened:
        client = run.clickhouse()
        days = plan.add_days(client, opened, is_there=True) if opened.plan_id else 0
        run.have_days(days)
    return dg.MaterializeResult(metadata={"dagster/row_count": days})


@dg.asset(key=["gosight", "projects"], group_name="marts", kinds={"clickhouse"}, pool=POOL)
def projects(run: RunResource) -> dg.MaterializeResult[None]:
    """One row per project, with its name, as PostgreSQL's gosight.projects has it."""
    with run.postgres() as connection:
        written = names.follow(run.clickhouse(), connection)
    return dg.MaterializeResult(metadata={"rows_written": written})


def done_asset(built: Sequence[dg.AssetsDefinition]) -> dg.AssetsDefinition:
    """`ops/done`: written when every table of `built` is finished for the plan."""
    reads = _reads(built)

    @dg.asset(
        key=["ops", "done"],
        group_name="done",
        deps=[key for asset in built for key in asset.keys],
        kinds={"clickhouse"},
        pool=POOL,
    )
    def done(context: dg.AssetExecutionContext, run: RunResource) -> dg.MaterializeResult[None]:
        """What each session's rows were built from; one row per session. Written last."""
        closed = run.plan()
        if not closed.plan_id:
            return dg.MaterializeResult(metadata={"plan": NOTHING, "sessions": 0})
        _check_is_whole(run, closed, reads)
        plan.close_plan(run.clickhouse(), closed)
        return dg.MaterializeResult(
            metadata={
                "plan": closed.plan_id,
                "sessions": closed.sessions,
                "dead_rows": _without_dead_rows(context, run, closed),
            }
        )

    return done


def _without_dead_rows(
    context: dg.AssetExecutionContext, run: RunResource, closed: plan.Plan
) -> str:
    """What came of them. The plan is closed and its tables are whole: an error warns, and they stay
    until they are merged."""
    try:
        tables = dead_rows.take_out(run.clickhouse(), closed)
    except ClickHouseError as error:
        context.log.warning(f"rows that this run replaced stay in the tables' parts: {error}")
        return f"left: {error}"
    return f"taken out of {len(tables)} tables"


def _reads(built: Sequence[dg.AssetsDefinition]) -> Mapping[str, set[str]]:
    """Each table with those of `built` that it is made of."""
    keys = {key for asset in built for key in asset.keys}
    return {
        key.to_user_string(): {one.to_user_string() for one in asset.asset_deps[key] & keys}
        for asset in built
        for key in asset.keys
    }


def _check_is_whole(run: RunResource, opened: plan.Plan, reads: Mapping[str, set[str]]) -> None:
    if missing := run.missing(reads):
        named = ", ".join(missing[:SHOWN]) + (" …" if len(missing) > SHOWN else "")
        raise plan.PlanError(
            f"plan {opened.plan_id} is not built: {len(missing)} tables are missing ({named});"
            " materialise them first, or run `refresh`"
        )
