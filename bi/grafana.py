"""Grafana's dashboards, one an exposure, as JSON that is imported with two data sources."""

import json
from typing import Any

from bi.charts import Chart, Kind, Store
from bi.datasets import datasets, of_exposure, query
from pages.contracts import Exposure, exposures

SOURCES = {
    Store.CLICKHOUSE: ("DS_HXI_CLICKHOUSE", "grafana-clickhouse-datasource"),
    Store.POSTGRES: ("DS_HXI_POSTGRES", "grafana-postgresql-datasource"),
}
SCHEMA_VERSION = 39
PROJECTS = "SELECT project_id FROM gosight.projects ORDER BY 1"
WIDTH, HEIGHT = 12, 9  # of 24 columns
IN_PERIOD = "$__timeFilter({time}) AND project_id IN (${{project:singlequote}})"


def files() -> dict[str, str]:
    """Text by path."""
    return {
        f"{exposure.name}.json": json.dumps(_dashboard(exposure), indent=1) + "\n"
        for exposure in exposures()
    }


def _dashboard(exposure: Exposure) -> dict[str, Any]:
    charts = of_exposure(exposure.name)
    stores = [store for store in Store if any(chart.store is store for chart in charts)]
    return {
        "__inputs": [_input(store) for store in stores],
        "uid": f"hxi-{exposure.name.replace('_', '-')}",
        "title": f"HXI: {exposure.label}",
        "description": exposure.description,
        "schemaVersion": SCHEMA_VERSION,
        "timezone": "utc",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {"list": [_projects()]},
        "panels": [_panel(n, chart) for n, chart in enumerate(charts)],
    }


def _input(store: Store) -> dict[str, str]:
    name, plugin = SOURCES[store]
    return {"name": name, "label": f"HXI {store}", "type": "datasource", "pluginId": plugin}


def _source(store: Store) -> dict[str, str]:
    name, plugin = SOURCES[store]
    return {"type": plugin, "uid": f"${{{name}}}"}


def _projects() -> dict[str, Any]:
    """Which projects count: ClickHouse's reader sees all."""
    return {
        "name": "project",
        "label": "Project",
        "type": "query",
        "datasource": _source(Store.CLICKHOUSE),
        "query": PROJECTS,
        "definition": PROJECTS,
        "refresh": 1,
        "multi": True,
        "includeAll": True,
        "current": {"text": "All", "value": "$__all"},
    }


def _panel(n: int, chart: Chart) -> dict[str, Any]:
    """Grafana has no panel of streams: those are tables of steps."""
    source = _source(chart.store)
    is_line = chart.kind is Kind.LINE
    target: dict[str, Any] = {"refId": "A", "datasource": source, "rawSql": query(chart, IN_PERIOD)}
    if chart.store is Store.CLICKHOUSE:
        target |= {"editorType": "sql", "format": 0 if is_line else 1}
    else:
        target |= {"editorMode": "code", "rawQuery": True}
        target |= {"format": "time_series" if is_line else "table"}
    return {
        "id": n + 1,
        "title": chart.title,
        "description": datasets()[chart.source].description,
        "type": "timeseries" if is_line else "table",
        "datasource": source,
        "gridPos": {"h": HEIGHT, "w": WIDTH, "x": WIDTH * (n % 2), "y": HEIGHT * (n // 2)},
        "targets": [target],
    }
