"""The ten queries of docs/bi.md, run as a BI login, say what ClickHouse's marts say."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.e2e import bi_page
from tests.e2e.conftest import PLAN, PlannedWarehouse

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def values(
    planned_warehouse: PlannedWarehouse, reader: psycopg.Connection[Any]
) -> Mapping[str, Any]:
    """Filters that leave something out and something in."""
    until = PLAN.end.replace(tzinfo=None) - timedelta(hours=6)
    since = until - timedelta(days=1)
    ((session, path),) = reader.execute(
        "SELECT session_id::text, mode() WITHIN GROUP (ORDER BY screen_name) FROM hxi.events"
        " GROUP BY session_id ORDER BY count(*) DESC LIMIT 1"
    ).fetchall()
    return {
        "project": planned_warehouse.project_id,
        "since": since,
        "until": until,
        "earlier": since - (until - since),
        "device": "mobile",
        "frustration": 3,
        "errors": 1,
        "session": session,
        "path": path,
    }


def plain(rows: Rows) -> Rows:
    """Both engines' values as one kind of number and of time."""
    return [tuple(_plain(value) for value in row) for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return round(float(value), 6) if isinstance(value, (int, float, Decimal)) else value


@pytest.mark.parametrize("number", range(1, 11))
def test_a_query_of_the_page_agrees_with_the_marts(
    reader: psycopg.Connection[Any],
    planned_warehouse: PlannedWarehouse,
    values: Mapping[str, Any],
    number: int,
) -> None:
    query = bi_page.for_psycopg(bi_page.queries()[number])
    cursor = reader.execute(query.encode(), values)
    names = [column.name for column in cursor.description or ()]
    kept = [at for at, name in enumerate(names) if name not in bi_page.SERVED_ONLY.get(number, ())]
    served = plain([tuple(row[at] for at in kept) for row in cursor.fetchall()])

    answer = planned_warehouse.client.query(bi_page.EXPECTED[number], parameters=dict(values))
    marts = plain([tuple(row) for row in answer.result_rows])
    assert served
    if number not in bi_page.TOP:
        assert sorted(served, key=str) == sorted(marts, key=str)
        return
    name, limit = bi_page.TOP[number]
    at = [names[one] for one in kept].index(name)
    assert set(served) <= set(marts)
    tops = sorted((row[at] for row in marts), reverse=True)[:limit]
    assert [row[at] for row in served] == tops


def test_the_page_has_ten_queries_and_none_names_a_project() -> None:
    queries = bi_page.queries()
    assert sorted(queries) == sorted(bi_page.EXPECTED) == list(range(1, 11))
    assert not [one for one in queries.values() if "project_id =" in one]
