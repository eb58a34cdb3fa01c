"""The jobs: one brings every table up to date, one expires what is too old; and when they run."""

import dagster as dg

REFRESH = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("expire"),
    description="Brings every table up to date with what has landed. Safe to repeat.",
)

# Off until somebody switches it on; a run that finds nothing new takes seconds.
REFRESH_SCHEDULE = dg.ScheduleDefinition(
    name="refresh_every_10_minutes",
    job=REFRESH,
    cron_schedule="*/10 * * * *",
    execution_timezone="UTC",
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
