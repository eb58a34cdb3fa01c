"""Brings every table up to date in this process: what `hxi run` calls and tests repeat."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import dagster as dg

from orchestration.automation import REFRESH
from orchestration.definitions import defs
from orchestration.lease.lease import LeaseHeldError
from orchestration.lease.resource import RunResource
from orchestration.run.outcome import Refreshed, RefreshFailedError

Progress = Callable[[str, str, int], None]
"""Called with stage, table and rows written when a table is done."""

# What assets report their rows under.
ROWS = ("rows_written", "rows", "dagster/row_count")
PLANNED = dg.AssetKey(["ops", "planned_sessions"])


def refresh(
    *, full: bool = False, days: Sequence[date] = (), progress: Progress | None = None
) -> Refreshed:
    """Run the job `refresh` here. Needs the HXI_ variables.

    With `full` every session is built again, with `days` those of these UTC days.

    Raises LeaseHeldError when another run is at work, RefreshFailedError when a step fails.
    """
    listener = _Listener(progress)
    run_id = str(uuid4())
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_event_listener(run_id, listener.hear)
        result = defs.resolve_job_def(REFRESH.name).execute_in_process(
            instance=instance,
            run_id=run_id,
            resources={
                "run": RunResource(full_refresh=full, days=[day.isoformat() for day in days])
            },
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
        if not result.success:
            raise _reason(listener.errors)
        checks = result.get_asset_check_evaluations()
    failed = {
        f"{check.asset_key.to_user_string()}: {check.check_name}"
        for check in checks
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    }
    return Refreshed(listener.rows.get(PLANNED, 0), tuple(sorted(failed)), dict(listener.seconds))


class _Listener:
    """Turns Dagster's events into progress, and keeps rows, times and errors."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.rows: dict[dg.AssetKey, int] = {}
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.errors: list[str] = []

    def hear(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None:
            return
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            self._count(materialization)
            self._time_node(event, "models", materialization.metadata)
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._time_node(event, "tests", event.asset_check_evaluation_data.metadata)
        elif event.is_step_success:
            step, took = str(event.step_key), event.step_success_data.duration_ms / 1000
            self.seconds[step] += took
        elif event.is_failure:
            error = getattr(event.event_specific_data, "error", None)
            if error is not None:
                self.errors.append(_innermost(error))

    def _time_node(
        self, event: dg.DagsterEvent, kind: str, metadata: Mapping[str, dg.MetadataValue[Any]]
    ) -> None:
        # Other steps tell the time of the whole step with each of their tables.
        if "seconds" in metadata and str(event.step_key).startswith("dbt_"):
            self.seconds[f"{event.step_key}/{kind}"] += float(metadata["seconds"].value)

    def _count(self, materialization: dg.AssetMaterialization) -> None:
        metadata = materialization.metadata
        counts = [metadata[name].value for name in ROWS if name in metadata]
        rows = int(str(counts[0])) if counts else 0
        self.rows[materialization.asset_key] = rows
        if self.progress is not None:
            stage, *table = materialization.asset_key.path
            self.progress(stage, "/".join(table), rows)


def _innermost(error: object) -> str:
    while (cause := getattr(error, "cause", None)) is not None:
        error = cause
    return str(getattr(error, "message", error)).strip()


def _reason(errors: list[str]) -> Exception:
    text = errors[0] if errors else "the run failed without a reason"
    kind, _, message = text.partition(": ")
    if kind.endswith(LeaseHeldError.__name__):
        return LeaseHeldError(message)
    # Messages of our own errors say all there is to say.
    is_own = kind.startswith(("orchestration.", "ingest."))
    return RefreshFailedError(message if is_own else text)
