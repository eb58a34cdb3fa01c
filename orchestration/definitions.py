"""The code location: merges what each stage defines, and nothing else."""

import dagster as dg

from orchestration.ai.assets import AI_SCHEDULE, ai_job
from orchestration.alerts.assets import ALERTS_SCHEDULE, alerts_job
from orchestration.automation import (
    BACKFILL,
    ERASE,
    EXPIRE_SCHEDULE,
    REFRESH,
    REFRESH_SCHEDULE,
    WAIT_MINUTES,
    WATCH,
    WATCH_SCHEDULE,
    erase_when_asked,
    refresh_when_events_land,
)
from orchestration.checks.watch import CHECKS, Watch
from orchestration.documents.assets import assets as documents
from orchestration.erasure.assets import erasures
from orchestration.publish.assets import assets as publish_assets
from orchestration.raw.assets import OUTSIDE_PREDICTIONS, RAW_TABLES, predictions, session_index
from orchestration.rebuild.assets import done_asset, planned_days, planned_sessions, projects
from orchestration.rebuild.resource import Run
from orchestration.reports.assets import reports_job, reports_schedule
from orchestration.retention.assets import expire_job, records
from orchestration.signals.assets import assets as signal_assets
from orchestration.transform.assets import assets as dbt_models

BUILT = [planned_days, *dbt_models(), *signal_assets(), *publish_assets()]

defs = dg.Definitions(
    assets=[
        *RAW_TABLES,
        session_index,
        OUTSIDE_PREDICTIONS,
        predictions,
        planned_sessions,
        projects,
        *BUILT,
        *records(),
        done_asset(BUILT),
        *documents(),
        erasures,
    ],
    asset_checks=CHECKS,
    jobs=[REFRESH, BACKFILL, ERASE, expire_job, WATCH, alerts_job, reports_job, ai_job],
    sensors=[refresh_when_events_land, erase_when_asked],
    schedules=[
        *(REFRESH_SCHEDULE, EXPIRE_SCHEDULE, WATCH_SCHEDULE, ALERTS_SCHEDULE, AI_SCHEDULE),
        reports_schedule,
    ],
    resources={"run": Run(wait_minutes=WAIT_MINUTES), "watch": Watch()},
    # One process holds the lease from the first asset to the last.
    executor=dg.in_process_executor,
)
