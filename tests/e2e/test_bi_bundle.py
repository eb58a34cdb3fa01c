"""Every chart of the bundles, asked as a BI tool would: of both stores, as who reads there."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from bi.__main__ import HERE
from bi.charts import CHARTS, Chart, Kind, Store
from bi.datasets import query
from hxi.admin import clients
from hxi.admin.endpoints import MARTS, Endpoints
from tests.e2e.conftest import PlannedWarehouse

Rows = list[tuple[Any, ...]]
PERIOD = "{time} >= '2000-01-01' AND {time} < '2100-01-01'"


@pytest.fixture(scope="module")
def marts(planned_warehouse: PlannedWarehouse, endpoints: Endpoints) -> Iterator[Client]:
    assert planned_warehouse.project_id
    with clients.clickhouse(endpoints.clickhouse_reader_url, MARTS) as client:
        yield client


def asked(sql: str, store: Store, reader: psycopg.Connection[Any], marts: Client) -> Rows:
    if store is Store.POSTGRES:
        return reader.execute(sql.encode()).fetchall()
    return [tuple(row) for row in marts.query(sql).result_rows]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: f"{chart.exposure}: {chart.title}")
def test_a_chart_has_rows_and_numbers(
    chart: Chart, reader: psycopg.Connection[Any], marts: Client
) -> None:
    rows = asked(query(chart, PERIOD), chart.store, reader, marts)
    assert rows
    last = [row[-len(chart.metrics) :] for row in rows]
    assert any(value not in (None, 0, "") for values in last for value in values)
    if chart.kind is Kind.SANKEY:
        steps = [(int(row[0].split(".")[0]), int(row[1].split(".")[0])) for row in rows]
        assert all(target == source + 1 for source, target in steps), "no way leads back"


def test_grafanas_panels_ask_what_the_charts_do(
    planned_warehouse: PlannedWarehouse, reader: psycopg.Connection[Any], marts: Client
) -> None:
    found = 0
    own = planned_warehouse.project_id
    for path in sorted((HERE / "grafana").glob("*.json")):
        dashboard = json.loads(path.read_text())
        (variable,) = dashboard["templating"]["list"]
        assert (own,) in asked(variable["query"], Store.CLICKHOUSE, reader, marts)
        for panel in dashboard["panels"]:
            (target,) = panel["targets"]
            is_served = "postgresql" in panel["datasource"]["type"]
            macro, _, rest = target["rawSql"].partition("$__timeFilter(")
            time, _, rest = rest.partition(")")
            rest = rest.replace("${project:singlequote}", f"'{own}'")
            sql = macro + PERIOD.format(time=time) + rest
            store = Store.POSTGRES if is_served else Store.CLICKHOUSE
            assert asked(sql, store, reader, marts), (path.name, panel["title"])
            found += 1
    assert found == len(CHARTS)


def test_numbers_of_both_stores_agree(
    planned_warehouse: PlannedWarehouse, reader: psycopg.Connection[Any], marts: Client
) -> None:
    """Of the one project that the login reads."""
    own = f"project_id = '{planned_warehouse.project_id}'"

    def answer(title: str) -> list[tuple[Any, ...]]:
        chart = next(one for one in CHARTS if one.title == title)
        return asked(query(chart, own), chart.store, reader, marts)

    here, there = answer("Sessions by day"), answer("Sessions by day, as served")
    assert [n for _, n in here] == [n for _, n in there]
    assert len(here) > 1
    # Below the least of a thousand the order of equals is the store's.
    streams, of_served = answer("Journeys"), answer("Journeys, as served")
    least = streams[-1][-1]
    assert {row for row in streams if row[-1] > least} == {
        row for row in of_served if row[-1] > least
    }
