"""Traffic that real products' users reported trouble with, through the whole pipeline."""

from typing import Any

import pytest

from tests.e2e.conftest import PlannedWarehouse
from tests.e2e.dirty_traffic import RIGHT

SHARED_RIGHT: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "same_page_written_differently": (
        "SELECT DISTINCT path FROM gosight.events WHERE {p} AND path LIKE '/caf%'",
        [("/café",)],
    ),
    "hash_routes": (
        "SELECT path FROM gosight.journeys WHERE {p} AND path LIKE '%#%' ORDER BY step",
        [("/#/home",), ("/#/cart",), ("/#/pay",)],
    ),
    "endpoints, requests_cut_off_by_leaving, values_that_cannot_be": (
        (
            "SELECT method, endpoint, request_count, error_count, aborted_count, p50_ms"
            " FROM gosight.latency_daily WHERE {p} ORDER BY endpoint"
        ),
        [
            ("GET", "/api/items/:id", 3, 0, 0, 30.0),
            ("GET", "/api/x", 3, 0, 3, None),
            ("GET", "/api/y", 1, 0, 0, None),
        ],
    ),
    "errors_over_releases": (
        "SELECT error_count, is_opaque FROM gosight.errors_grouped WHERE {p} ORDER BY ALL",
        [(1, True), (2, False), (2, False)],
    ),
    "clicks_the_browser_answers, triple_click_selects_text": (
        "SELECT insight_type, target_selector FROM gosight.insights WHERE {p}",
        [("dead_click", "#t4")],
    ),
    "bots": ("SELECT count() FROM gosight.sessions WHERE {p} AND is_bot", [(3,)]),
    "a_session_of_weeks": (
        (
            "SELECT sum(overlong_sessions), max(total_duration_ms) < 86400000"
            " FROM gosight.sessions_daily_mv WHERE {p}"
        ),
        [(1, True)],
    ),
    "where_they_came_from": (
        (
            "SELECT groupArray(channel) FROM (SELECT channel FROM gosight.sessions WHERE {p}"
            " AND entry_path = '/u' ORDER BY channel)"
        ),
        [
            (
                [
                    "Direct",
                    "Email",
                    "Internal",
                    "Organic Search",
                    "Organic Social",
                    "Paid Search",
                    "Referral",
                ],
            )
        ],
    ),
}


def rows(warehouse: PlannedWarehouse, query: str, project: str) -> list[tuple[Any, ...]]:
    found = warehouse.client.query(
        query.replace("{p}", "project_id = {project:String}"), parameters={"project": project}
    ).result_rows
    return [tuple(row) for row in found]


@pytest.mark.parametrize("sentence", RIGHT)
def test_dirt_stays_out_of_the_numbers(planned_warehouse: PlannedWarehouse, sentence: str) -> None:
    query, right = RIGHT[sentence]
    assert rows(planned_warehouse, query, planned_warehouse.dirty) == right


@pytest.mark.usefixtures("shared_data")
@pytest.mark.parametrize("files", SHARED_RIGHT)
def test_files_of_reported_traffic_give_what_is_right(
    planned_warehouse: PlannedWarehouse, files: str
) -> None:
    query, right = SHARED_RIGHT[files]
    assert rows(planned_warehouse, query, planned_warehouse.reported) == right
