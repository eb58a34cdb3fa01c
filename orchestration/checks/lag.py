"""How far the built tables are behind what has landed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from orchestration.plan.plan import SEALED
from orchestration.stores.clients import integer

# A batch counts as built when it had landed before the newest finished run opened its plan.
# The ledger has a row per batch: no event is read.
LEDGER = """
WITH (
    SELECT maxIf(at, state = 'open') FROM ops.plans
    WHERE plan_id = (SELECT max(plan_id) FROM ops.plans WHERE state = 'closed')
) AS built_from
SELECT
    toUnixTimestamp64Milli(maxOrNull(ingested_at)) AS newest_landed_ms,
    toUnixTimestamp64Milli(maxOrNullIf(ingested_at, landed_at <= built_from)) AS newest_built_ms,
    dateDiff('second', minOrNullIf(landed_at, landed_at > built_from), now64(3, 'UTC')) AS waited
FROM raw.ingest_ledger FINAL
WHERE landed > 0
"""

WAITING = f"""
SELECT count()
FROM (SELECT project_id, session_id, sum(n) AS n FROM raw.session_index
      GROUP BY project_id, session_id) AS landed
LEFT JOIN (SELECT project_id, session_id, argMax(n, plan_id) AS n FROM ops.done
           GROUP BY project_id, session_id) AS built USING (project_id, session_id)
WHERE landed.n != built.n
  AND (project_id, session_id) NOT IN ({SEALED})
"""


@dataclass(frozen=True)
class Lag:
    """What a run would find to do.

    `newest_landed_at`, `newest_built_at`: acceptance of the newest event that landed, and of the
    newest that is in the marts; None before the first. `waited_s`: since the oldest batch that
    waits landed; 0 if no session waits.
    """

    waiting_sessions: int
    waited_s: int
    newest_landed_at: datetime | None
    newest_built_at: datetime | None


def lag(client: Client) -> Lag:
    """The lag now. A session that waits for another reason than a batch (an erasure) waited 0 s."""
    ((waiting,),) = client.query(WAITING).result_rows
    ((landed_ms, built_ms, waited),) = client.query(LEDGER).result_rows
    waited_s = int(waited or 0) if waiting else 0
    return Lag(int(waiting), waited_s, _moment(landed_ms), _moment(built_ms))


def landed(client: Client) -> int:
    """Grows with all that lands and is erased."""
    return integer(client, "SELECT sum(n) FROM raw.session_index")


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
