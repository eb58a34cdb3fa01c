"""Exactness of the plan: whatever happens, the marts end as a full recomputation has them."""

import pytest
from clickhouse_connect.driver.client import Client

from tests.integration.plan.own_databases import own_databases
from tests.integration.plan.plan_histories import MISTAKES, first_counterexample, play
from tests.integration.plan.toy_warehouse import Scheme, ToyWarehouse

HISTORIES = 12  # more than it takes to show every mistake
MOST = 60  # of which one must show a mistake


@pytest.mark.timeout(900)
def test_marts_end_as_a_full_recomputation_has_them(clickhouse: Client) -> None:
    with own_databases(clickhouse) as databases:
        warehouse = ToyWarehouse(databases, Scheme())
        for seed in range(HISTORIES):
            play(warehouse, seed)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("mistake", "first"), MISTAKES, ids=str)
def test_a_scheme_with_one_mistake_is_found_out(
    clickhouse: Client, mistake: Scheme, first: int
) -> None:
    with own_databases(clickhouse) as databases:
        warehouse = ToyWarehouse(databases, mistake)
        assert first_counterexample(warehouse, range(first, first + MOST)) is not None
