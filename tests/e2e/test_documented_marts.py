"""The ClickHouse tables and query examples of the source document, on a warehouse with traffic."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import clickhouse_connect
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from stack.embedded import Stack
from tests import documents_covered, source_tables
from tests.e2e import documented_marts
from tests.e2e.conftest import PlannedWarehouse
from tests.integration.publish.documents import deviations

DOCUMENT = "003_gosight.md"
NOTHING = ("", "0", "{}", "[]", "false")
# The stack's own machine is at no place; what people and services say of issues is not traffic's.
NOT_HERE = (
    *("ip", "country", "country_code", "region", "city", "ip_address", "geolocation"),
    *("compressed", "resolved_at", "resolved_by", "app_version"),
)


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


def test_what_is_said_to_be_filled_holds_something(
    warehouse: Client, postgres: psycopg.Connection[Any]
) -> None:
    """Of every table that a run fills: a column is not there because it has a name."""
    empty = [f"gosight.{one}" for one in _empty_in_clickhouse(warehouse)]
    for schema in ("hxi", "traceflow"):
        empty += [f"{schema}.{one}" for one in _empty_in_postgresql(postgres, schema)]
    assert not empty


def _filled(place: str) -> Iterator[tuple[str, list[str]]]:
    """Tables and the columns that a run fills."""
    for table, names in documents_covered.places()[place][1].items():
        answers = {name: documents_covered.answer(place, table, name) for name in names}
        columns = [name for name, row in answers.items() if row and row.by]
        columns = [name for name in columns if name not in {*NOT_HERE, *documents_covered.KEYS}]
        if columns:
            yield table, columns


def _empty_in_clickhouse(client: Client) -> Iterator[str]:
    for table, columns in _filled("clickhouse"):
        types = source_tables.facts("clickhouse")[table]["columns"]
        plain = [name for name in columns if not types[name].startswith("AggregateFunction")]
        counts = ", ".join(f"countIf(toString({name}) NOT IN {NOTHING})" for name in plain)
        (row,) = client.query(f"SELECT {counts} FROM gosight.{table}").result_rows
        yield from (f"{table}.{name}" for name, n in zip(plain, row, strict=True) if not n)


def _empty_in_postgresql(connection: psycopg.Connection[Any], schema: str) -> Iterator[str]:
    for table, columns in _filled(schema):
        counts = ", ".join(
            f"count(*) FILTER (WHERE {one}::text NOT IN {NOTHING})" for one in columns
        )
        row = connection.execute(f"SELECT {counts} FROM {schema}.{table}".encode()).fetchone()
        assert row
        yield from (f"{table}.{name}" for name, n in zip(columns, row, strict=True) if not n)


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
