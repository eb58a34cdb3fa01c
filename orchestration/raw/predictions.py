"""What outside models predicted, as an asset: read back before a run plans what to build."""

import dagster as dg

from orchestration.lease.resource import POOL, RunResource
from orchestration.raw.outside_predictions import read_back

DOCUMENTS = dg.AssetSpec(
    ["mongodb", "emotion_predictions"],
    group_name="mongodb",
    kinds={"mongodb"},
    description="Predictions that outside models wrote.",
)
SHOWN = 10


@dg.asset(
    key=["raw", "predictions"],
    group_name="raw",
    kinds={"clickhouse", "mongodb"},
    pool=POOL,
    deps=[DOCUMENTS.key, dg.AssetKey(["raw", "session_index"])],
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
