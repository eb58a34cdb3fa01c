"""The plan as assets: opened before events are read, closed when all is published."""

import dagster as dg

from orchestration.plan import plan
from orchestration.resources.run import RunResource


@dg.asset(
    key=["ops", "planned_sessions"],
    group_name="ops",
    deps=[dg.AssetKey(["raw", "session_index"])],
    kinds={"clickhouse"},
)
def planned_sessions(run: RunResource) -> dg.MaterializeResult[None]:
    """Sessions whose rows in raw, or whose rules, changed since they were built; one row each."""
    opened = run.plan()
    return dg.MaterializeResult(
        metadata={"dagster/row_count": opened.sessions, "plan_id": opened.plan_id}
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


def done_asset(finished: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """`ops/done`: written when every asset of `finished` is."""

    @dg.asset(key=["ops", "done"], group_name="done", deps=finished, kinds={"clickhouse"})
    def done(run: RunResource) -> dg.MaterializeResult[None]:
        """What each session's rows were built from; one row per session. Written last."""
        closed = run.plan()
        plan.close_plan(run.clickhouse(), closed)
        return dg.MaterializeResult(metadata={"sessions": closed.sessions})

    return done
