"""The expiry as a job of its own, and the records of what left as assets that it tells of."""

import dagster as dg

from orchestration.lease.resource import POOL, RunResource
from orchestration.retention.expiry import expire
from orchestration.retention.limits import Limits, moment_of

GROUP = "expire"
RECORDS = {
    "sealed_sessions": "Sessions never built again, one row each: their raw rows have expired.",
    "expired_replays": "Sessions whose recording has expired, one row each.",
    "closed_days": "Days whose day-grain rows stay as they are, one row per project and day.",
    "expired_marts": "Sessions that left session- and event-grain tables, one row each.",
}


class ExpireConfig(dg.Config):
    """`as_of`: the time to count from, ISO 8601; '' is now."""

    as_of: str = ""


def records() -> list[dg.AssetSpec]:
    """Shown, never materialised: "materialise all" must delete nothing."""
    return [
        dg.AssetSpec(
            ["ops", table], group_name=GROUP, kinds={"clickhouse"}, description=description
        )
        for table, description in RECORDS.items()
    ]


@dg.op(pool=POOL)
def expire_all(context: dg.OpExecutionContext, config: ExpireConfig, run: RunResource) -> None:
    """Expires raw rows, recordings and marts that are too old; the limits are HXI_RETENTION_*."""
    gone = expire(run, Limits.from_environment().at(moment_of(config.as_of)))
    counts = {
        "sealed_sessions": {
            "dagster/row_count": gone.sealed_sessions,
            "events": gone.events,
            "replay_payloads": gone.replay_payloads,
        },
        "expired_replays": {"dagster/row_count": gone.replays},
        "closed_days": {"dagster/row_count": gone.closed_days},
        "expired_marts": {"dagster/row_count": gone.mart_sessions},
    }
    for table, metadata in counts.items():
        context.log_event(dg.AssetMaterialization(asset_key=["ops", table], metadata=metadata))


@dg.job(name=GROUP, executor_def=dg.in_process_executor)
def expire_job() -> None:
    """Deletes what is older than the limits of retention. Safe to repeat."""
    expire_all()
