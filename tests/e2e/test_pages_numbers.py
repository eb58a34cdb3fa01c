"""What the pages show is what the marts hold, to the digit."""

import re
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hxi.command import main
from pages.report import BROWSERS
from tests.e2e.conftest import PlannedWarehouse
from tests.e2e.pages_site import Visitor

PERIOD = "project_id = {project:String} AND %s BETWEEN {since:Date} AND {until:Date}"


@pytest.fixture(scope="module")
def days(planned_warehouse: PlannedWarehouse) -> dict[str, str]:
    """A period as an address has it: all days that the planned traffic has."""
    ((since, until),) = planned_warehouse.client.query(
        "SELECT min(day), max(day) FROM gosight.project_days WHERE project_id = {project:String}",
        parameters={"project": planned_warehouse.project_id},
    ).result_rows
    return {"since": str(since), "until": str(until)}


def marts(
    warehouse: PlannedWarehouse, days: dict[str, str], sql: str, day: str = "day", **values: str
) -> list[dict[str, Any]]:
    """Rows of the marts; `PERIOD` in the query is the project's days."""
    asked = {"project": warehouse.project_id, **days, **values}
    answer = warehouse.client.query(sql.replace("PERIOD", PERIOD % day), parameters=asked)
    return list(answer.named_results())


def as_text(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """As CSV has them: an empty field where there is nothing."""
    return [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]


def test_the_overview_is_the_daily_marts(
    planned_warehouse: PlannedWarehouse, days: dict[str, str], visitor: Visitor
) -> None:
    shown = visitor.table("overview", table="days", **days)
    daily = marts(
        planned_warehouse,
        days,
        "SELECT day, sum(session_count) AS sessions, sum(bounce_sessions) AS bounces,"
        " sum(total_pages) AS page_views FROM gosight.sessions_daily_mv WHERE PERIOD"
        " GROUP BY day ORDER BY day",
    )
    assert daily
    for row, ours in zip(daily, [r for r in shown if int(r.get("sessions") or 0)], strict=True):
        assert ours["day"] == str(row["day"])
        assert int(ours["sessions"]) == row["sessions"]
        assert int(ours["page_views"]) == row["page_views"]
        assert float(ours["bounce_rate"]) == row["bounces"] / row["sessions"]
    scores = marts(
        planned_warehouse,
        days,
        "SELECT day, avg(score) AS score FROM gosight.experience_scores WHERE PERIOD"
        " GROUP BY day ORDER BY day",
    )
    assert {r["day"]: float(r["score"]) for r in shown if r.get("score")} == {
        str(row["day"]): row["score"] for row in scores if row["score"] is not None
    }
    vitals = marts(
        planned_warehouse,
        days,
        "SELECT day, quantileExactInclusiveMerge(0.75)(p75_lcp) AS lcp,"
        " quantileExactInclusiveMerge(0.75)(p75_inp) AS inp"
        " FROM gosight.page_performance_mv WHERE PERIOD GROUP BY day ORDER BY day",
    )
    assert {r["day"]: (float(r["lcp"]), float(r["inp"])) for r in shown if r.get("lcp")} == {
        str(row["day"]): (row["lcp"], row["inp"]) for row in vitals
    }


def test_latency_of_a_day_is_its_mart(
    planned_warehouse: PlannedWarehouse, visitor: Visitor
) -> None:
    ((newest,),) = planned_warehouse.client.query(
        "SELECT max(day) FROM gosight.latency_daily WHERE project_id = {project:String}",
        parameters={"project": planned_warehouse.project_id},
    ).result_rows
    a_day = {"since": str(newest), "until": str(newest)}
    shown = visitor.table("latency", **a_day)
    expected = as_text(
        marts(
            planned_warehouse,
            a_day,
            "SELECT method, endpoint, request_count AS requests, error_count AS failed, error_rate,"
            " p50_ms, p75_ms, p95_ms, apdex FROM gosight.latency_daily WHERE PERIOD",
        )
    )
    assert len(expected) > 5
    named = {(row["method"], row["endpoint"]): row for row in shown}
    for row in expected:
        ours = named.pop((row["method"], row["endpoint"]))
        assert {name: ours[name] for name in row} == row
    assert named == {}


def test_errors_and_pages_are_their_marts(
    planned_warehouse: PlannedWarehouse, days: dict[str, str], visitor: Visitor
) -> None:
    errors = marts(
        planned_warehouse,
        days,
        "SELECT fingerprint, sum(error_count) AS errors FROM gosight.errors_grouped WHERE PERIOD"
        " GROUP BY fingerprint",
    )
    assert {r["fingerprint"]: int(r["errors"]) for r in visitor.table("errors", **days)} == {
        row["fingerprint"]: row["errors"] for row in errors
    }
    times = marts(
        planned_warehouse,
        days,
        "SELECT path, quantileExactInclusiveMerge(0.5)(median_time_on_page) AS time_ms"
        " FROM gosight.page_time_mv WHERE PERIOD GROUP BY path",
        day="date",
    )
    by_path = {row["path"]: row["time_ms"] for row in times}
    shown = visitor.table("page", **days)
    assert len(shown) == 50
    assert {r["path"]: float(r["time_ms"]) for r in shown if r["time_ms"]} == {
        r["path"]: by_path[r["path"]] for r in shown if r["time_ms"]
    }


def test_journeys_step_by_step_are_the_edges_of_the_mart(
    planned_warehouse: PlannedWarehouse, days: dict[str, str], visitor: Visitor
) -> None:
    shown = visitor.table("journeys", steps="6", **days)
    entries = marts(
        planned_warehouse,
        days,
        "SELECT to_path AS path, sum(transition_count) AS sessions FROM gosight.journey_edges"
        " WHERE PERIOD AND from_path = '' GROUP BY path",
    )
    first: dict[str, int] = {}
    for row in shown:
        if row["step"] == "1":
            first[row["source"]] = first.get(row["source"], 0) + int(row["sessions"])
    assert first == {row["path"]: row["sessions"] for row in entries}
    # What arrives at a step is what is there: no session is lost between two.
    for step in range(1, 6):
        went = sum(int(r["sessions"]) for r in shown if r["step"] == str(step) and r["target"])
        there = sum(int(r["sessions"]) for r in shown if r["step"] == str(step + 1))
        assert went == there


def test_clicks_over_the_picture_are_those_of_the_heatmap(
    planned_warehouse: PlannedWarehouse, days: dict[str, str], visitor: Visitor
) -> None:
    for band in ("desktop", "mobile"):
        expected = marts(
            planned_warehouse,
            days,
            "SELECT ifNull(toInt16(element_x), -1) AS x, ifNull(toInt16(element_y), -1) AS y,"
            " target_selector AS selector, sum(click_count) AS clicks"
            " FROM gosight.click_heatmap_normalised WHERE PERIOD AND path = {path:String}"
            " AND width_band = {band:String} GROUP BY x, y, selector",
            path="/products",
            band=band,
        )
        answer = visitor.http.get(
            f"/p/{visitor.slug}/page/clicks.json",
            params={"path": "/products", "band": band, **days},
        ).json()
        shown: dict[tuple[str, int, int], int] = {}
        for cell in answer["cells"]:
            key = (cell["selector"], cell["element_x"], cell["element_y"])
            shown[key] = shown.get(key, 0) + cell["clicks"]
        assert shown == {(r["selector"], r["x"], r["y"]): r["clicks"] for r in expected}
        assert shown


def test_a_funnel_counts_the_sessions_that_took_its_steps_in_their_order(
    planned_warehouse: PlannedWarehouse, days: dict[str, str], visitor: Visitor
) -> None:
    shown = visitor.table("funnel", steps="/cart\n/checkout", window="1d", **days)
    # Both steps within a day of each other: of sessions so short, that is their order alone.
    ((carts, both),) = planned_warehouse.client.query(
        """
        SELECT count(), countIf(out > came) FROM (
            SELECT session_id, minIf(viewed_at, path = '/cart') AS came,
                maxIf(viewed_at, path = '/checkout') AS out
            FROM gosight.page_views
            WHERE project_id = {project:String} AND path IN ('/cart', '/checkout')
              AND day BETWEEN {since:Date} AND {until:Date}
            GROUP BY session_id HAVING countIf(path = '/cart') > 0)
        """,
        parameters={"project": planned_warehouse.project_id, **days},
    ).result_rows
    assert [int(row["sessions"]) for row in shown] == [carts, both]
    assert 0 < both < carts


@pytest.mark.usefixtures("variables")
def test_a_report_is_one_file_with_the_overviews_figures(
    planned_warehouse: PlannedWarehouse, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    main(["report", "--project", planned_warehouse.project_id, "--out", str(out)])
    text = out.read_text()
    assert not re.search(r"<script|<link|src=|href=|url\(", text)
    ((sessions,),) = planned_warehouse.client.query(
        "SELECT sum(session_count) FROM gosight.sessions_daily_mv"
        " WHERE project_id = {project:String} AND day > (SELECT max(day) - 7"
        " FROM gosight.project_days WHERE project_id = {project:String})",
        parameters={"project": planned_warehouse.project_id},
    ).result_rows
    assert f">{sessions:,}<" in text


@pytest.mark.usefixtures("variables")
def test_a_report_is_printed_where_a_browser_is(
    planned_warehouse: PlannedWarehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "report.pdf"
    command = ["report", "--project", planned_warehouse.project_id, "--out", str(out)]
    if any(map(shutil.which, BROWSERS)):
        main(command)
        assert out.read_bytes().startswith(b"%PDF"), capsys.readouterr().err
    monkeypatch.setattr("pages.report.BROWSERS", ("no-such-browser",))
    with pytest.raises(SystemExit):
        main(command)
    assert "needs Chromium" in capsys.readouterr().err


def test_health_has_the_alerts_of_its_project_alone(
    planned_warehouse: PlannedWarehouse, visitor: Visitor, postgres: psycopg.Connection[Any]
) -> None:
    for project, name in ((planned_warehouse.project_id, "ours"), (planned_warehouse.dirty, "no")):
        postgres.execute(
            "WITH rule AS (INSERT INTO gosight.alert_rules (project_id, name, condition_type,"
            " condition, is_active) VALUES (%(p)s, %(n)s, 'threshold',"
            ' \'{"metric": "rage_clicks"}\', false) RETURNING id)'
            " INSERT INTO gosight.alert_history (rule_id, project_id, metric_value, threshold)"
            " SELECT id, %(p)s, 12.5, 10 FROM rule",
            {"p": project, "n": name},
        )
    (alert,) = visitor.table("health", table="alerts")
    assert (alert["rule_name"], alert["metric"], alert["metric_value"]) == (
        "ours", "rage_clicks", "12.5"
    )  # fmt: skip
    assert "ours" in visitor.get("health").text
