"""A run that was left open: it has a plan, and nobody holds the lease any more."""

from dataclasses import dataclass
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.lease import lease
from orchestration.plan.plan import UNFINISHED

OPEN = f"""
SELECT plan_id, dateDiff('second', min(at), now64(3, 'UTC'))
FROM ops.plans WHERE plan_id IN ({UNFINISHED})
GROUP BY plan_id ORDER BY plan_id DESC LIMIT 1
"""


@dataclass(frozen=True)
class OpenRun:
    """The newest unfinished plan. `is_held`: some run has the lease, so it may be that plan's."""

    plan_id: int
    age_s: int
    is_held: bool

    def is_left(self, after_s: int) -> bool:
        """Whether it is older than that and nobody is at work."""
        return self.age_s >= after_s and not self.is_held


def open_run(clickhouse: Client, postgres: psycopg.Connection[Any]) -> OpenRun | None:
    """None when every plan is finished.

    The plan is read before the lease, so that a run that ends in between is not taken for left.
    """
    plans = clickhouse.query(OPEN).result_rows
    is_held = lease.is_held(postgres)
    still = clickhouse.query(OPEN).result_rows
    if not plans or not still or plans[0][0] != still[0][0]:
        return None
    return OpenRun(int(still[0][0]), int(still[0][1]), is_held)
