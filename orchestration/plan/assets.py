"""The plan as assets: opened before events are read, closed when all is published."""

from collections.abc import Iterator

import dagster as dg

from orchestration.lease.resource import RunResource
from orchestration.plan import plan
from orchestration.plan import projects as names
from orchestration.retention.late import late_beyond_retention

PLANNED = dg.AssetKey(["ops", "planned_sessions"])
NOTHING_LATE = "nothing_beyond_retention"


@dg.asset(
    key=PLANNED,
    group_name="ops",
    deps=[dg.AssetKey(["raw", "session_index"]), dg.AssetKey(["raw", "predictions"])],
    kinds={"clickhouse"},
    check_specs=[dg.AssetCheckSpec(NOTHING_LATE, asset=PLANNED)],
)
def planned_sessions(
    run: RunResource,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Sessions whose rows in raw, or whose rules, changed since they were built; one row each."""
    opened = run.plan()
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
    key=["ops", "planned_days"],
    group_name="ops",
    deps=[dg.AssetKey(["gosight", "events"])],
    kinds={"clickhouse"},
)
def planned_days(run: RunResource) -> dg.MaterializeResult[None]:
    """Days the planned sessions touch, before and after; one row per project and day."""
    days = plan.add_days(run.clickhouse(), run.plan())
    return dg.MaterializeResult(metadata={"dagster/row_count": days})


@dg.asset(key=["gosight", "projects"], group_name="marts", kinds={"clickhouse"})
def projects(run: RunResource) -> dg.MaterializeResult[None]:
    """One row per project, with its name, as PostgreSQL's gosight.projects has it."""
    with run.postgres() as connection:
        written = names.follow(run.clickhouse(), connection)
    return dg.MaterializeResult(metadata={"rows_written": written})


def done_asset(finished: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """`ops/done`: written when every asset of `finished` is."""

    @dg.asset(key=["ops", "done"], group_name="done", deps=finished, kinds={"clickhouse"})
    def done(run: RunResource) -> dg.MaterializeResult[None]:
        """What each session's rows were built from; one row per session. Written last."""
        closed = run.plan()
        plan.close_plan(run.clickhouse(), closed)
        return dg.MaterializeResult(metadata={"sessions": closed.sessions})

    return done
