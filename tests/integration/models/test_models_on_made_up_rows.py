"""dbt's tests and documentation on a developer's own target: every test passes, and can fail."""

import json
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import clients
from hxi.load import load_batches
from simulate import Plan, generate
from stack.embedded import Stack
from tests.integration.models.developer import Developer

# Rows that are added, copies of one that is there but for these columns.
# Each is added as often as its place here, so that no two errors cancel out.
COPIED = {
    "sessions": "duration_ms + 1 AS duration_ms",
    "experience_scores": "1 AS score, '[]' AS issues",
    "behaviour_states": "'engaged' AS rule_state, 0 AS rule_confidence",
    "page_views": "",
    "events": "'/nowhere' AS path",
    "click_heatmap_mv": "1000 AS click_count",
    "click_heatmap_normalised": "5000 AS click_count",
    "element_clicks_mv": "",
    "errors_grouped": "",
    "events_hourly_mv": "",
    "latency_daily": "",
    "page_performance_mv": "",
    "page_time_mv": "",
    "scroll_depth_mv": "",
    "sessions_daily_mv": "",
    "users_daily": "",
}
# Signals of the dev target are the served ones: their marts may be empty, so the rows are made up.
MADE_UP = {
    "journeys": "session_id, 1 AS step, 5 AS dwell_ms",
    "journey_edges": "day, 9 AS transition_count",
    "insights": "session_id, 'rage_click' AS insight_type, true AS charged",
    "replay_chunks": "session_id, 7 AS chunk_index",
}
EQUATIONS = {
    "sessions_count_their_events",
    "sessions_last_from_start_to_end",
    "scores_are_100_less_their_deductions",
    "neutral_states_have_no_confidence",
    "page_views_are_the_views_of_events",
    "events_have_the_path_of_their_view",
    "clicks_with_a_position_are_in_the_heatmap",
    "both_heatmaps_hold_the_same_clicks",
    "clicks_with_a_target_are_in_element_clicks",
    "errors_of_a_day_are_in_their_groups",
    "hourly_sums_are_daily_sums",
    "requests_of_a_day_are_in_latency",
    "views_with_a_vital_are_in_page_performance",
    "times_of_views_are_in_page_time",
    "sessions_that_left_a_page_are_in_scroll_depth",
    "daily_sums_are_sums_of_sessions",
    "sessions_of_a_day_are_in_users_daily",
    "days_with_events_are_project_days",
    "steps_are_numbered_without_a_gap",
    "steps_fill_the_time_from_the_first_to_the_end",
    "edges_are_the_steps_and_entries_of_journeys",
    "charged_insights_are_counted_in_their_sessions",
    "chunks_are_numbered_without_a_gap",
}


@pytest.fixture(scope="module")
def developer(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Developer]:
    """With everything built from some visits."""
    load_batches(stack.endpoints, generate(Plan(20, days=2, seed=2718)))
    own = Developer(stack.endpoints, tmp_path_factory.mktemp("dbt"))
    with clients.clickhouse(stack.endpoints.clickhouse_url) as client:
        try:
            own.dbt("build", "--exclude-resource-type", "unit_test")
            yield own
        finally:
            own.forget(client)


@pytest.mark.timeout(900)
def test_every_unit_test_of_the_models_passes(developer: Developer) -> None:
    said = developer.dbt("test", "--select", "test_type:unit")
    assert "a_click_is_charged_once_to_the_gravest_signal" in said


@pytest.mark.timeout(900)
def test_the_documentation_has_every_column_of_every_table(developer: Developer) -> None:
    developer.dbt("docs", "generate")
    catalog = json.loads((developer.target / "catalog.json").read_text())
    manifest = json.loads((developer.target / "manifest.json").read_text())
    described = manifest["nodes"] | manifest["sources"]
    found = catalog["nodes"] | catalog["sources"]
    tables = {
        name
        for name, node in described.items()
        if node["resource_type"] in {"model", "seed", "source"}
        and node["config"].get("materialized") != "ephemeral"
    }
    assert tables - set(found) == set()
    unlike = {
        name: set(found[name]["columns"]) ^ set(described[name]["columns"])
        for name in tables
        if set(found[name]["columns"]) != set(described[name]["columns"])
    }
    assert unlike == {}


@pytest.mark.timeout(900)
def test_a_renamed_column_of_the_key_keeps_what_nothing_rebuilds(
    developer: Developer, clickhouse: Client
) -> None:
    table = f"{developer.database('gosight')}.page_views"
    clickhouse.command(
        f"CREATE TABLE {table}_before ENGINE = MergeTree ORDER BY (project_id, session_id)"
        f" PARTITION BY toYYYYMM(view_date) AS SELECT 'sealed' AS project_id, * EXCEPT"
        f" (project_id, day), toDate('2001-02-03') AS view_date FROM {table} LIMIT 1"
    )
    clickhouse.command(f"EXCHANGE TABLES {table} AND {table}_before")
    developer.dbt("run", "--select", "page_views")
    kept = f"SELECT toString(day) FROM {table} WHERE project_id = 'sealed'"
    assert clickhouse.query(kept).result_rows == [("2001-02-03",)]
    rows = "SELECT count() FROM {} WHERE project_id != 'sealed'"
    (rebuilt,), (before,) = (
        clickhouse.query(rows.format(one)).result_rows[0] for one in (table, f"{table}_before")
    )
    assert rebuilt == before > 0
    clickhouse.command(f"DELETE FROM {table} WHERE project_id = 'sealed'")
    clickhouse.command(f"DROP TABLE {table}_before")


@pytest.mark.timeout(900)
def test_every_test_of_a_mart_fails_when_its_rows_are_wrong(
    developer: Developer, clickhouse: Client
) -> None:
    marts = developer.database("gosight")
    for copies, (name, columns) in enumerate(COPIED.items(), start=1):
        one = f"SELECT * FROM {marts}.{name}" + (
            " WHERE view_id IS NOT NULL LIMIT 1" if name == "events" else " LIMIT 1"
        )
        replaced = f"* REPLACE ({columns})" if columns else "*"
        for _ in range(copies):
            clickhouse.command(f"INSERT INTO {marts}.{name} SELECT {replaced} FROM ({one})")
    for name, columns in MADE_UP.items():
        planned = "landed_days" if columns.startswith("day") else "landed_sessions"
        into = ", ".join(column.split(" AS ")[-1] for column in columns.split(", "))
        for _ in range(2):
            clickhouse.command(
                f"INSERT INTO {marts}.{name} (project_id, {into})"
                f" SELECT project_id, {columns} FROM ops.{planned} ORDER BY ALL LIMIT 1"
            )
    said = developer.tried("test", "--exclude", "test_type:unit").stdout
    failed = {line.split()[6] for line in said.splitlines() if " FAIL " in line}
    keys = {f"{name}_are_unique" for name in COPIED | MADE_UP}
    assert (EQUATIONS | keys) - failed == set()
