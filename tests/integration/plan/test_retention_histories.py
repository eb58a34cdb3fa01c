"""Exactness with retention: the marts end as if what came too late had never come."""

import pytest
from clickhouse_connect.driver.client import Client

from tests.integration.plan.own_databases import own_databases
from tests.integration.plan.plan_histories import first_counterexample, play
from tests.integration.plan.retention_histories import RETENTION_MISTAKES, RetentionHistory
from tests.integration.plan.toy_warehouse import Scheme, ToyWarehouse

HISTORIES = 8
MOST = 40  # of which one must show a mistake
LENGTH = 14


@pytest.mark.timeout(900)
def test_marts_end_as_if_what_came_too_late_had_never_come(clickhouse: Client) -> None:
    with own_databases(clickhouse) as databases:
        warehouse = ToyWarehouse(databases, Scheme())
        for seed in range(HISTORIES):
            play(warehouse, seed, LENGTH, RetentionHistory)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("mistake", "first"), RETENTION_MISTAKES, ids=str)
def test_a_retention_with_one_mistake_is_found_out(
    clickhouse: Client, mistake: Scheme, first: int
) -> None:
    with own_databases(clickhouse) as databases:
        warehouse = ToyWarehouse(databases, mistake)
        seeds = range(first, first + MOST)
        assert first_counterexample(warehouse, seeds, RetentionHistory) is not None
