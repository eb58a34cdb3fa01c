"""Where the time of a run goes, by stage, from the steps that `hxi run --json` names."""

from collections.abc import Mapping

from tests.benchmarks.report import Report

# The stage a step belongs to, by how its name begins.
STAGES = {
    "raw__": "comparing the stores and the ledger",
    "ops__": "plan",
    "dbt_events": "events",
    "signals__": "signals",
    "dbt_marts": "marts: models and tests",
    "dbt_stage": "stage: views and tests",
    "landing": "landing: the copy to PostgreSQL",
    "hxi": "hxi: the merge",
}
# Stages that bare SQL does, too.
COMPARED = ("plan", "events", "marts: models and tests")


def by_stage(steps: Mapping[str, float]) -> dict[str, float]:
    """Seconds by stage; a step of no stage stands for itself."""
    stages: dict[str, float] = {}
    for step, seconds in steps.items():
        if "/" not in step:
            begins = (stage for begin, stage in STAGES.items() if step.startswith(begin))
            name = next(begins, step)
            stages[name] = stages.get(name, 0) + seconds
    return stages


def compared(steps: Mapping[str, float]) -> float:
    """Seconds of the stages that bare SQL does, too."""
    stages = by_stage(steps)
    return sum(stages.get(stage, 0) for stage in COMPARED)


def table(report: Report, steps: Mapping[str, float], seconds: float, events: int) -> None:
    """A line a stage, what of dbt's are models and tests, and each signal per event."""
    stages = by_stage(steps)
    for name, took in stages.items():
        report.seconds(name, took)
    report.seconds("start, end and the steps' own overhead", seconds - sum(stages.values()))
    for step, took in steps.items():
        if "/" in step:
            report.seconds(f"of these {step}, two side by side", took)
    for step, took in steps.items():
        if step.startswith("signals__"):
            report.microseconds(step.removeprefix("signals__"), took / events)
