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
WIDTH, HEIGHT = 12, 9  # of 24 columns
IN_PERIOD = "$__timeFilter({time})"


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
        "panels": [_panel(n, chart) for n, chart in enumerate(charts)],
    }


def _input(store: Store) -> dict[str, str]:
    name, plugin = SOURCES[store]
    return {"name": name, "label": f"HXI {store}", "type": "datasource", "pluginId": plugin}


def _panel(n: int, chart: Chart) -> dict[str, Any]:
    """Grafana has no panel of streams: those are tables of steps."""
    name, plugin = SOURCES[chart.store]
    source = {"type": plugin, "uid": f"${{{name}}}"}
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
