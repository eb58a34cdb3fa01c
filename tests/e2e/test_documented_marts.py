"""The ClickHouse tables and query examples of the source document, on a warehouse with traffic."""

from uuid import uuid4

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from stack.embedded import Stack
from tests import source_tables
from tests.e2e import documented_marts
from tests.e2e.conftest import PlannedWarehouse
from tests.integration.publish.documents import deviations

DOCUMENT = "003_gosight.md"


@pytest.fixture
def warehouse(planned_warehouse: PlannedWarehouse) -> Client:
    """A client of a stack whose marts hold some visits."""
    return planned_warehouse.client


def test_the_facts_are_what_the_document_says(warehouse: Client) -> None:
    document, database = source_tables.document(DOCUMENT), f"documented_{uuid4().hex}"
    warehouse.command(f"CREATE DATABASE {database}")
    try:
        made = documented_marts.documented(warehouse, document, database)
    finally:
        warehouse.command(f"DROP DATABASE {database}")
    assert source_tables.of_marts(made) == source_tables.facts("clickhouse")


def test_gosight_is_the_document_but_for_the_listed_deviations(warehouse: Client) -> None:
    wanted = source_tables.marts()
    assert len(wanted) == 11
    found = set(documented_marts.differences(wanted, documented_marts.live(warehouse, "gosight")))
    listed = deviations("gosight")
    unlisted = [d for d in sorted(found) if not any(one.explains(d) for one in listed)]
    assert not unlisted, "\n".join(map(str, unlisted))
    outdated = [one for one in listed if not any(one.explains(d) for d in found)]
    assert not outdated, "\n".join(map(str, outdated))


def test_the_documents_query_examples_run_as_written(
    planned_warehouse: PlannedWarehouse, stack: Stack
) -> None:
    warehouse = clickhouse_connect.get_client(dsn=stack.endpoints.clickhouse_reader_url)
    project = planned_warehouse.project_id
    top = warehouse.query(
        "SELECT target_selector, target_text, sum(click_count) AS total_clicks"
        " FROM element_clicks_mv WHERE project_id = {p:String}"
        " GROUP BY target_selector, target_text ORDER BY total_clicks DESC LIMIT 10",
        parameters={"p": project},
    ).result_rows
    assert top[0][2] >= top[-1][2] > 0
    depths = warehouse.query(
        "SELECT path, sum(reached_25) * 100 / sum(total_sessions) AS pct_25,"
        " sum(reached_100) * 100 / sum(total_sessions) AS pct_100"
        " FROM scroll_depth_mv WHERE project_id = {p:String} GROUP BY path"
        " ORDER BY pct_100 DESC",
        parameters={"p": project},
    ).result_rows
    assert all(0 <= row[2] <= row[1] <= 100 for row in depths)
    assert depths
    times = warehouse.query(
        "SELECT path, avgMerge(avg_time_on_page) / 1000 AS avg_seconds, sum(view_count)"
        " FROM page_time_mv WHERE project_id = {p:String} GROUP BY path"
        " ORDER BY avg_seconds DESC LIMIT 10",
        parameters={"p": project},
    ).result_rows
    plain = warehouse.query(
        "SELECT path, avg(time_on_page_ms) / 1000 FROM page_views"
        " WHERE project_id = {p:String} AND time_on_page_ms > 0 GROUP BY path",
        parameters={"p": project},
    ).result_rows
    assert times
    assert {(path, seconds) for path, seconds, _ in times} <= {
        (path, seconds) for path, seconds in plain
    }
