"""Superset takes the bundle and asks both stores for every chart of every dashboard."""

import json
import os
import secrets
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from bi.__main__ import pack
from bi.charts import CHARTS, Kind
from bi.superset import chart_id
from hxi.admin.endpoints import Endpoints
from pages.contracts import exposures
from tests.e2e.conftest import PlannedWarehouse

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".superset" / "bin" / "python"
HERE = Path(__file__).parent / "superset"
READY = ROOT / ".superset" / ".ready"

Line = dict[str, Any]
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def told(
    planned_warehouse: PlannedWarehouse,
    reader: psycopg.Connection[Any],
    endpoints: Endpoints,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Line]:
    """What Superset says of each dashboard and chart: as ClickHouse's reader and as a BI login.

    Charts answer for the planned project, as their dashboards' filter asks.
    """
    if not READY.is_file():
        pytest.skip("needs Superset in an environment of its own: make superset")
    folder = tmp_path_factory.mktemp("superset")
    pack(folder / "hxi.zip", addresses(endpoints, reader))
    asked = [str(PYTHON), str(HERE / "ask_charts.py"), str(folder / "hxi.zip")]
    asked.append(planned_warehouse.project_id)
    environment = os.environ | {
        "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
        "SUPERSET_HOME": str(folder),
        "SUPERSET_TEST_DATABASE": f"sqlite:///{folder}/superset.db",
        "SUPERSET_TEST_SECRET": secrets.token_hex(32),
    }
    ended = subprocess.run(
        asked, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]


def addresses(endpoints: Endpoints, reader: psycopg.Connection[Any]) -> dict[str, str]:
    """As SQLAlchemy has them."""
    at, login = urlsplit(endpoints.postgres_dsn), reader.info
    return {
        "HXI_BI_CLICKHOUSE_URI": endpoints.clickhouse_reader_url.replace("http", "clickhousedb", 1),
        "HXI_BI_POSTGRES_URI": f"postgresql+psycopg2://{login.user}:{login.password}"
        f"@{at.hostname}:{at.port}{at.path}",
    }


def test_every_dashboard_shows_its_charts(told: list[Line]) -> None:
    found = {line["dashboard"]: sorted(line["charts"]) for line in told if "dashboard" in line}
    assert found == {
        f"HXI: {one.label}": sorted(c.title for c in CHARTS if c.exposure == one.name)
        for one in exposures()
    }


def test_every_chart_is_answered_with_rows(told: list[Line]) -> None:
    answers = {line["uuid"]: line for line in told if "chart" in line}
    assert len(answers) == len(CHARTS)
    for chart in CHARTS:
        answer = answers[chart_id(chart)]
        assert answer["error"] == "", chart.title
        assert answer["rows"], f"{chart.exposure}: {chart.title} has no rows"
        first = answer["rows"][0]
        assert {*chart.by, *chart.metrics} <= first.keys()
        assert first[next(iter(chart.metrics))] not in ("None", "0", "nan"), chart.title
        if chart.kind is Kind.SANKEY:
            assert answer["kind"] == "sankey_v2"
