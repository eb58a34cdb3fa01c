"""The jobs: bring every table up to date, build days again, erase, expire, watch; and when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from orchestration.checks.watch import CHECKS, Watch
from orchestration.retention.assets import expire_job

# A run of Dagster that finds another one at work waits for it: longer than any takes.
WAIT_MINUTES = 12 * 60

WATCHED = dg.AssetSelection.checks(*CHECKS)
BUILT = dg.AssetSelection.all() - WATCHED

REFRESH = dg.define_asset_job(
    "refresh",
    selection=BUILT,
    description="Brings every table up to date with what has landed. Safe to repeat.",
)

# Off until somebody switches it on; a run that finds nothing new takes seconds.
REFRESH_SCHEDULE = dg.ScheduleDefinition(
    name="refresh_every_10_minutes",
    job=REFRESH,
    cron_schedule="*/10 * * * *",
    execution_timezone="UTC",
)


UNDER_WAY = (
    *(dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED),
    *(dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED),
)


# Off until somebody switches it on; the schedule beside it sees what events do not tell of.
@dg.sensor(job=REFRESH, minimum_interval_seconds=60)
def refresh_when_events_land(
    context: dg.SensorEvaluationContext, watch: Watch
) -> dg.RunRequest | dg.SkipReason:
    """Asks for a run when sessions of `raw.session_index` wait, or documents that a run has left,
    and none is under way; once for each."""
    landed, waiting, documents = watch.landed(), watch.lag().waiting_sessions, watch.documents()
    seen = f"{landed} {documents.built}" if documents.is_behind else str(landed)
    if not (waiting or documents.is_behind) or context.cursor == seen:
        return dg.SkipReason("nothing has landed that is not built or asked for")
    filters = dg.RunsFilter(job_name=REFRESH.name, statuses=list(UNDER_WAY))
    if context.instance.get_runs_count(filters):
        return dg.SkipReason("what waits is for the run that is under way")
    context.update_cursor(seen)
    return dg.RunRequest()


ERASE = dg.define_asset_job(
    "erase",
    selection=BUILT,
    description="`refresh`, under a name of its own: every run erases what was asked for.",
)


# On: what a person asks for must not wait for somebody to switch it on.
@dg.sensor(job=ERASE, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def erase_when_asked(
    context: dg.SensorEvaluationContext, watch: Watch
) -> dg.RunRequest | dg.SkipReason:
    """Asks for a run when a request of `ops.erasure_requests` waits, once for each."""
    asked = watch.asked()
    if not asked or context.cursor == str(asked):
        return dg.SkipReason("nothing was asked to be erased, or a run was asked for already")
    context.update_cursor(str(asked))
    return dg.RunRequest()


@dg.daily_partitioned_config(start_date=datetime(2020, 1, 1), end_offset=1)  # noqa: DTZ001 - a date
def of_day(start: datetime, _end: datetime) -> Mapping[str, Any]:
    """The run that builds the sessions of a UTC day again."""
    return {"resources": {"run": {"config": {"days": [start.strftime("%Y-%m-%d")]}}}}


BACKFILL = dg.define_asset_job(
    "backfill_day",
    selection=BUILT,
    config=of_day,
    description="`refresh` that also builds the sessions of a UTC day again: a partition a day.",
)

# On: what is too old leaves by itself; without Dagster `hxi expire` in cron does the same.
EXPIRE_SCHEDULE = dg.ScheduleDefinition(
    name="expire_every_day",
    job=expire_job,
    cron_schedule="5 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    execution_timezone="UTC",
)

WATCH = dg.define_asset_job(
    "watch",
    selection=WATCHED,
    description="Warns of a run that was left open and of tables that are behind. Changes nothing.",
)

# Off until somebody switches it on, with the schedule of `refresh`.
WATCH_SCHEDULE = dg.ScheduleDefinition(
    name="watch_every_5_minutes",
    job=WATCH,
    cron_schedule="*/5 * * * *",
    execution_timezone="UTC",
)
