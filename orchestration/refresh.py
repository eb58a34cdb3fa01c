"""Brings every table up to date in this process: what `hxi run` calls and tests repeat."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from orchestration.automation import REFRESH
from orchestration.definitions import defs
from orchestration.plan.lease import LeaseHeldError
from orchestration.resources.run import RunResource

Progress = Callable[[str, str, int], None]
"""Called with stage, table and rows written when a table is done."""


class RefreshFailedError(Exception):
    """A step failed; the message names it and its reason. What it left is repeated by the next run."""


@dataclass(frozen=True)
class Refreshed:
    """What a run did. `failed_checks` are tests that found rows they should not."""

    planned_sessions: int
    failed_checks: tuple[str, ...]


def refresh(*, full: bool = False, progress: Progress | None = None) -> Refreshed:
    """Run the job `refresh` here. Needs the HXI_ variables.

    Raises LeaseHeldError when another run is at work, RefreshFailedError when a step fails.
    """
    job = defs.resolve_job_def(REFRESH.name)
    handler = _ProgressHandler(progress)
    result = job.execute_in_process(
        resources={"run": RunResource(full_refresh=full)},
        raise_on_error=False,
        run_config={"loggers": {"progress": {}}},
        logger_defs={"progress": _logger(handler)},
    )
    if not result.success:
        raise _reason(handler.errors)
    checks = result.get_asset_check_evaluations()
    return Refreshed(
        planned_sessions=int(handler.rows.get("ops/planned_sessions", 0)),
        failed_checks=tuple(
            sorted(f"{check.asset_key.to_user_string()}: {check.check_name}" for check in checks if not check.passed)
        ),
    )


class _ProgressHandler(logging.Handler):
    """Turns Dagster's events into progress, and keeps the errors."""

    def __init__(self, progress: Progress | None) -> None:
        super().__init__()
        self.progress = progress
        self.rows: dict[str, int] = {}
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if not isinstance(event, dg.DagsterEvent):
            return
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            metadata = materialization.metadata
            count = metadata.get("rows_written") or metadata.get("dagster/row_count")
            rows = int(str(count.value)) if count is not None and count.value is not None else 0
            self.rows[materialization.asset_key.to_user_string()] = rows
            if self.progress is not None:
                stage, *table = materialization.asset_key.path
                self.progress(stage, "/".join(table), rows)
        elif event.is_failure:
            error = getattr(event.event_specific_data, "error", None)
            if error is not None:
                self.errors.append(_innermost(error))


def _innermost(error: object) -> str:
    while (cause := getattr(error, "cause", None)) is not None:
        error = cause
    return str(getattr(error, "message", error)).strip()


def _reason(errors: list[str]) -> Exception:
    text = errors[0] if errors else "the run failed without a reason; see Dagster's log"
    name, _, message = text.partition(": ")
    if name.endswith("LeaseHeldError"):
        return LeaseHeldError(message)
    return RefreshFailedError(text)


def _logger(handler: logging.Handler) -> dg.LoggerDefinition:
    @dg.logger(description="Reports progress to the caller")
    def progress_logger(_context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("hxi run", level=logging.INFO)
        logger.addHandler(handler)
        return logger

    return progress_logger
