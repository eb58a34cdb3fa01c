"""Each signal as an asset: run it over the open plan and report what it wrote."""

import dagster as dg

from orchestration.lease.resource import POOL, RunResource
from orchestration.plan.plan import Plan
from orchestration.signals.known import SIGNALS
from orchestration.signals.runner import OfPlan, SignalReport, of_plan, run_signal
from orchestration.signals.signal import AnySignal

# By which events are read.
DAYS = dg.AssetKey(["ops", "planned_days"])
OF_PLAN = "signals of the plan"
FEW_SESSIONS = 500  # of 26 events, as they mostly have: some 13,000 of them
NOTHING = SignalReport(events=0, sessions=0, rows=0, frames=0, duration_s=0.0)


def assets() -> list[dg.AssetsDefinition]:
    """What this stage defines: ["signals", table] of each signal."""
    return [_asset(signal) for signal in SIGNALS]


def _asset(signal: AnySignal) -> dg.AssetsDefinition:
    key = dg.AssetKey(["signals", signal.table])

    @dg.asset(
        key=key,
        group_name="signals",
        kinds={"polars", "clickhouse"},
        deps=[*map(dg.AssetKey, signal.after), DAYS],
        pool=POOL,
        description=signal.description,
    )
    def materialise(run: RunResource) -> dg.MaterializeResult[None]:
        with run.step([key]) as plan:
            report = NOTHING
            if plan.sessions:
                report = run_signal(run.clickhouse(), signal, known=_of_plan(run, plan))
        return dg.MaterializeResult(
            metadata={
                **run.measured(),
                "rows": report.rows,
                "sessions": report.sessions,
                "events_read": report.events,
                "frames": report.frames,
                "set_aside": report.set_aside,
                "seconds": round(report.duration_s, 3),
            }
        )

    return materialise


def _of_plan(run: RunResource, plan: Plan) -> OfPlan:
    is_small = plan.sessions <= FEW_SESSIONS
    return run.once(
        OF_PLAN, lambda: of_plan(run.clickhouse(), plan.plan_id, SIGNALS, is_small=is_small)
    )
