"""Brings every table up to date in this process: what `hxi run` calls and tests repeat."""

from collections.abc import Sequence
from datetime import date
from uuid import uuid4

import dagster as dg

from ingest.watching.traces import TRACES
from orchestration.automation import REFRESH
from orchestration.definitions import defs
from orchestration.lease.lease import LeaseHeldError
from orchestration.rebuild.resource import WholeRun
from orchestration.run.instance import instance_of_one_run
from orchestration.run.listener import DOCUMENTS, Listener, Progress
from orchestration.run.outcome import DocumentsFailedError, Refreshed, RefreshFailedError
from orchestration.transform.reporting import telling

PLANNED = dg.AssetKey(["ops", "planned_sessions"])


def refresh(
    *,
    full: bool = False,
    days: Sequence[date] = (),
    verify: bool = False,
    progress: Progress | None = None,
) -> Refreshed:
    """Run the job `refresh` here. Needs the HXI_ variables.

    With `full` every session is built again, with `days` those of these UTC days; `verify` compares
    every session with raw and builds those that differ.

    Raises LeaseHeldError when another run is at work, RefreshFailedError when a step fails,
    DocumentsFailedError when it is that of MongoDB's documents, after all tables.
    """
    listener = Listener(progress)
    run_id = str(uuid4())
    with instance_of_one_run() as instance, telling(listener.begins):
        instance.add_event_listener(run_id, listener.hear)
        result = defs.resolve_job_def(REFRESH.name).execute_in_process(
            instance=instance,
            run_id=run_id,
            resources={
                "run": WholeRun(
                    full_refresh=full, days=[day.isoformat() for day in days], verify=verify
                )
            },
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
        TRACES.steps("run", {"plan_id": listener.plan_id}, listener.steps)
        if not result.success:
            raise _reason(listener)
        checks = result.get_asset_check_evaluations()
    failed = {
        f"{check.asset_key.to_user_string()}: {check.check_name}"
        for check in checks
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    }
    return Refreshed(
        planned_sessions=listener.rows.get(PLANNED, 0),
        plan_id=listener.plan_id,
        failed_checks=tuple(sorted(failed)),
        passed_checks=listener.checks,
        written=dict(listener.written),
        seconds=dict(listener.seconds),
    )


def _reason(listener: Listener) -> Exception:
    text = listener.errors[0] if listener.errors else "the run failed without a reason"
    kind, _, message = text.partition(": ")
    if kind.endswith(LeaseHeldError.__name__):
        return LeaseHeldError(message)
    # Messages of our own errors say all there is to say.
    is_own = kind.startswith(("orchestration.", "ingest."))
    failed = DocumentsFailedError if DOCUMENTS in listener.failed else RefreshFailedError
    return failed(" ".join((message if is_own else text).split()))
