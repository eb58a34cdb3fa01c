"""What ingest and outside models landed, as assets, and the comparison of the stores."""

from collections.abc import Iterator

import dagster as dg

from orchestration.lease.resource import POOL, RunResource
from orchestration.raw.outside_predictions import read_back
from orchestration.raw.reconcile import settle

RAW = "raw"
SHOWN = 10  # of the reasons why predictions were refused
LANDED_BY_INGEST = {
    "events": "One row per accepted event (after FINAL).",
    "replay_chunks": "One row per accepted replay payload (after FINAL).",
    "rejected_events": "One row per event refused, with its reason.",
    "ingest_ledger": "One row per batch: what was received and what became of it.",
    "tombstones": "One row per erased session.",
}

DOCUMENTS = dg.AssetSpec(
    ["mongodb", "events"],
    group_name="mongodb",
    kinds={"mongodb"},
    description="Documents of record: every accepted event and replay payload, once.",
)
OUTSIDE_PREDICTIONS = dg.AssetSpec(
    ["mongodb", "emotion_predictions"],
    group_name="mongodb",
    kinds={"mongodb"},
    description="Predictions that outside models wrote.",
)
RAW_TABLES = [
    DOCUMENTS,
    *(
        dg.AssetSpec(
            [RAW, table],
            deps=[DOCUMENTS.key],
            group_name=RAW,
            kinds={"clickhouse"},
            description=description,
        )
        for table, description in LANDED_BY_INGEST.items()
    ),
]


@dg.asset(
    key=[RAW, "session_index"],
    group_name=RAW,
    kinds={"clickhouse", "mongodb"},
    deps=[spec.key for spec in RAW_TABLES],
    pool=POOL,
    check_specs=[dg.AssetCheckSpec("ledger_is_exact", asset=[RAW, "session_index"])],
)
def session_index(
    run: RunResource,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Rows landed per session; first lands again what MongoDB has and ClickHouse lacks."""
    with run.mongodb() as mongo:
        found, disagreements = settle(mongo, run.clickhouse())
    yield dg.MaterializeResult(metadata={"missing": found.missing, "landed_again": found.relanded})
    yield dg.AssetCheckResult(
        check_name="ledger_is_exact",
        passed=not disagreements,
        metadata={"disagreements": "\n".join(disagreements) or "none"},
    )


@dg.asset(
    key=[RAW, "predictions"],
    group_name=RAW,
    kinds={"clickhouse", "mongodb"},
    pool=POOL,
    deps=[OUTSIDE_PREDICTIONS.key, dg.AssetKey([RAW, "session_index"])],
)
def predictions(context: dg.AssetExecutionContext, run: RunResource) -> dg.MaterializeResult[None]:
    """One row per prediction of an outside model; its session is planned when it changed."""
    with run.mongodb() as mongo:
        found = read_back(mongo, run.clickhouse())
    reasons = [f"{reason}: {count}" for reason, count in found.refused.most_common(SHOWN)]
    if reasons:
        context.log.warning("predictions refused: %s", "; ".join(reasons))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": found.predictions,
            "sessions_changed": found.sessions,
            "refused": found.refused.total(),
            "reasons": "\n".join(reasons) or "none",
        }
    )
