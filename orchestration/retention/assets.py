"""The expiry as assets of one step: the records of what left."""

from collections.abc import Iterator

import dagster as dg

from orchestration.lease.resource import RunResource
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


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["ops", table],
            group_name=GROUP,
            kinds={"clickhouse", "mongodb", "postgres"},
            description=description,
        )
        for table, description in RECORDS.items()
    ],
    name="expire_all",
)
def expiry_records(config: ExpireConfig, run: RunResource) -> Iterator[dg.MaterializeResult[None]]:
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
        yield dg.MaterializeResult(asset_key=["ops", table], metadata=metadata)
