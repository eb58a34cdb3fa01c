"""The code location: merges what each stage defines, and nothing else."""

import dagster as dg

from orchestration.automation import (
    BACKFILL,
    EXPIRE,
    EXPIRE_SCHEDULE,
    REFRESH,
    REFRESH_SCHEDULE,
    WATCH,
    WATCH_SCHEDULE,
)
from orchestration.checks.watch import CHECKS, Watch
from orchestration.documents.assets import assets as documents
from orchestration.lease.resource import RunResource
from orchestration.plan.assets import done_asset, planned_days, planned_sessions, projects
from orchestration.publish.assets import assets as publish_assets
from orchestration.raw.assets import RAW_TABLES, session_index
from orchestration.raw.predictions import DOCUMENTS as OUTSIDE_PREDICTIONS
from orchestration.raw.predictions import predictions
from orchestration.retention.assets import expiry_records
from orchestration.signals.assets import assets as signal_assets
from orchestration.transform.assets import assets as dbt_models

BUILT = [*dbt_models(), *signal_assets(), *publish_assets(), *documents()]

defs = dg.Definitions(
    assets=[
        *RAW_TABLES,
        session_index,
        OUTSIDE_PREDICTIONS,
        predictions,
        planned_sessions,
        planned_days,
        projects,
        *BUILT,
        expiry_records,
        done_asset([key for asset in BUILT for key in asset.keys]),
    ],
    asset_checks=CHECKS,
    jobs=[REFRESH, BACKFILL, EXPIRE, WATCH],
    schedules=[REFRESH_SCHEDULE, EXPIRE_SCHEDULE, WATCH_SCHEDULE],
    resources={"run": RunResource(), "watch": Watch()},
    # One process holds the lease from the first asset to the last.
    executor=dg.in_process_executor,
)
