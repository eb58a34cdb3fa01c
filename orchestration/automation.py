"""The job that brings every table up to date, and when it runs."""

import dagster as dg

REFRESH = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Brings every table up to date with what has landed. Safe to repeat.",
)

# Off until somebody switches it on; a run that finds nothing new takes seconds.
REFRESH_SCHEDULE = dg.ScheduleDefinition(
    name="refresh_every_10_minutes",
    job=REFRESH,
    cron_schedule="*/10 * * * *",
    execution_timezone="UTC",
)
