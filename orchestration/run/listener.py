"""What a run tells while it goes on: events of Dagster and dbt as stages, tables, rows, seconds."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

Progress = Callable[[str, str, int], None]
"""Called with the stage, the table being written or just done, and the rows written so far."""

# What assets report their rows under.
ROWS = ("rows_written", "rows", "dagster/row_count")
PLAN = "plan"
DOCUMENTS = "derived_documents"
# Step of the job -> stage as people are told; signals are a step each, all others belong to `plan`.
STAGES = {
    "dbt_events": "events",
    "dbt_marts": "marts",
    "landing_tables": "copied to PostgreSQL",
    "dbt_stage": "served in PostgreSQL",
    "served_tables": "served in PostgreSQL",
    DOCUMENTS: "documents in MongoDB",
}
SIGNALS = "signals__"


def stage_of(step: str) -> str:
    """The stage that a step of the job belongs to."""
    return "signals" if step.startswith(SIGNALS) else STAGES.get(step, PLAN)


class Listener:
    """Hears a run's events; `progress` is told of each."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.rows: dict[dg.AssetKey, int] = {}
        self.written: Counter[str] = Counter()  # rows by stage, in the order they began
        self.seconds: defaultdict[str, float] = defaultdict(float)  # by step
        self.steps: list[tuple[str, float, float]] = []  # name, end (since 1970), seconds
        self.plan_id = 0
        self.checks = 0  # that passed
        self.errors: list[str] = []
        self.failed: set[str] = set()  # steps
        self._stage = PLAN

    def hear(self, entry: dg.EventLogEntry) -> None:
        """For `DagsterInstance.add_event_listener`."""
        event = entry.dagster_event
        if event is None:
            return
        if event.is_step_start:
            self._begin(stage_of(str(event.step_key)))
        elif event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            self._count(str(event.step_key), materialization)
            self._time_node(event, "models", materialization.metadata)
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self.checks += event.asset_check_evaluation_data.passed
            self._time_node(event, "tests", event.asset_check_evaluation_data.metadata)
        elif event.is_step_success:
            step, took = str(event.step_key), event.step_success_data.duration_ms / 1000
            self.seconds[step] += took
            self.steps.append((step, entry.timestamp, took))
        elif event.is_failure:
            self.failed.add(str(event.step_key))
            error = getattr(event.event_specific_data, "error", None)
            if error is not None:
                self.errors.append(_innermost(error))

    def begins(self, table: str) -> None:
        """A table of the present stage is being written."""
        if self.progress is not None:
            self.progress(self._stage, table, self.written.total())

    def _begin(self, stage: str) -> None:
        self._stage = stage
        self.begins("")

    def _time_node(
        self, event: dg.DagsterEvent, kind: str, metadata: Mapping[str, dg.MetadataValue[Any]]
    ) -> None:
        # Other steps tell the time of the whole step with each of their tables.
        if "seconds" in metadata and str(event.step_key).startswith("dbt_"):
            self.seconds[f"{event.step_key}/{kind}"] += float(metadata["seconds"].value)

    def _count(self, step: str, materialization: dg.AssetMaterialization) -> None:
        metadata = materialization.metadata
        counts = [metadata[name].value for name in ROWS if name in metadata]
        rows = int(str(counts[0])) if counts else 0
        if "plan_id" in metadata:
            self.plan_id = int(str(metadata["plan_id"].value))
        self.rows[materialization.asset_key] = rows
        if (stage := stage_of(step)) != PLAN:
            self.written[stage] += rows
        self.begins(".".join(materialization.asset_key.path))


def _innermost(error: object) -> str:
    while (cause := getattr(error, "cause", None)) is not None:
        error = cause
    return str(getattr(error, "message", error)).strip()
