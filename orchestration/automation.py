"""The jobs: bring every table up to date, build days again, expire, watch; and when they run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from orchestration.checks.watch import CHECKS

WATCHED = dg.AssetSelection.checks(*CHECKS)
BUILT = dg.AssetSelection.all() - dg.AssetSelection.groups("expire") - WATCHED

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

EXPIRE = dg.define_asset_job(
    "expire",
    selection=dg.AssetSelection.groups("expire"),
    description="Deletes what is older than the limits of retention. Safe to repeat.",
)

# Off until somebody switches it on. Between two refreshes: both need the lease.
EXPIRE_SCHEDULE = dg.ScheduleDefinition(
    name="expire_every_day",
    job=EXPIRE,
    cron_schedule="5 3 * * *",
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
