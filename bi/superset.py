"""Superset's bundle: a database a store, datasets, charts and a dashboard an exposure, as YAML."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from bi.charts import CHARTS, Chart, Kind, Store
from bi.datasets import ROWS, TIME, Dataset, datasets, of_exposure
from pages.contracts import Exposure, exposures

VERSION = "1.0.0"
WIDTH, HEIGHT, OF_STREAMS = 12, 50, 64  # in columns; in units of 8 px
WIDE_COLUMNS = 6  # a table of so many has a row of its own
PROJECT, SESSION, OF_A_SESSION = "project_id", "session_id", "session_page"
TIMES = ("newest",)  # metrics that are no numbers
# How numbers are written, in d3's words; else whole, with commas.
WHOLE, SHARE = ",.0f", ".1%"
FORMATS: Mapping[str, str] = {
    **dict.fromkeys(("bounce rate", "share with errors", "share with rage clicks"), SHARE),
    **dict.fromkeys(("share to the half", "share to the end"), SHARE),
    **dict.fromkeys(("score", "seconds a view"), ",.1f"),
    "apdex": ".2f",
}
# Filled in from the environment when the bundle is packed: no address is in the repository.
URIS = {Store.CLICKHOUSE: "${HXI_BI_CLICKHOUSE_URI}", Store.POSTGRES: "${HXI_BI_POSTGRES_URI}"}
MADE_AT = "2026-01-01T00:00:00+00:00"


def files() -> dict[str, str]:
    """Text by path below the bundle's folder."""
    told = {
        "metadata.yaml": {"version": VERSION, "type": "Dashboard", "timestamp": MADE_AT},
        **{f"databases/{store}.yaml": _database(store) for store in Store},
        **{f"datasets/{d.store}/{_file(d.name)}": _dataset(d) for d in datasets().values()},
        **{f"charts/{_file(c.exposure + '_' + c.title)}": _chart(c) for c in CHARTS},
        **{f"dashboards/{e.name}.yaml": _dashboard(e) for e in exposures()},
    }
    return {path: yaml.safe_dump(one, sort_keys=False, width=120) for path, one in told.items()}


def _id(*names: str) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(("hxi-warehouse:bi", *names))))


def chart_id(chart: Chart) -> str:
    """The same in every Superset that takes the bundle."""
    return _id("chart", chart.exposure, chart.title)


def _dataset_id(dataset: Dataset) -> str:
    return _id("dataset", dataset.store, dataset.name)


def _file(name: str) -> str:
    kept = "".join(one if one.isalnum() else "_" for one in name.lower())
    return f"{'_'.join(part for part in kept.split('_') if part)}.yaml"


def _database(store: Store) -> dict[str, Any]:
    return {
        "database_name": f"HXI {store}",
        "sqlalchemy_uri": URIS[store],
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "extra": {},
        "uuid": _id("database", store),
        "version": VERSION,
    }


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {
        "table_name": dataset.name,
        "main_dttm_col": TIME,
        "description": dataset.description,
        "schema": dataset.schema,
        "sql": dataset.sql,
        "filter_select_enabled": True,
        "uuid": _dataset_id(dataset),
        "metrics": [
            {
                "metric_name": name,
                "verbose_name": name,
                "expression": sql,
                "d3format": None if name in TIMES else FORMATS.get(name, WHOLE),
            }
            for name, sql in dataset.metrics.items()
        ],
        "columns": list(_columns(dataset)),
        "version": VERSION,
        "database_uuid": _id("database", dataset.store),
    }


def _columns(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """All that charts name: Superset knows no column of an imported query by itself."""
    yield _column(TIME, "The time that charts and filters go by", dataset.time, is_dttm=True)
    for name, sql in _computed(dataset).items():
        yield _column(name, "", sql)
    named = dict.fromkeys([PROJECT, *_named(dataset)], "")
    for name, description in {**named, **dataset.columns}.items():
        yield _column(name, description)


def _by(dataset: Dataset) -> Iterator[tuple[str, str]]:
    for chart in CHARTS:
        if datasets()[chart.source] == dataset:
            yield from chart.by.items()


def _computed(dataset: Dataset) -> Mapping[str, str]:
    return {name: sql for name, sql in _by(dataset) if name != sql}


def _named(dataset: Dataset) -> list[str]:
    return [name for name, sql in _by(dataset) if name == sql]


def _column(
    name: str, description: str, sql: str | None = None, *, is_dttm: bool = False
) -> dict[str, Any]:
    return {
        "column_name": name,
        "description": description or None,
        "expression": sql,
        "is_dttm": is_dttm,
        "type": "DATETIME" if is_dttm else None,
        "groupby": True,
        "filterable": True,
        "is_active": True,
    }


def _chart(chart: Chart) -> dict[str, Any]:
    dataset = datasets()[chart.source]
    viz_type, drawn = _drawn(chart)
    params = {"viz_type": viz_type, "row_limit": ROWS, "time_range": "No filter", **drawn}
    return {
        "slice_name": chart.title,
        "viz_type": viz_type,
        "params": params,
        "query_context": json.dumps(_asked(chart, params)),
        "cache_timeout": None,
        "uuid": chart_id(chart),
        "version": VERSION,
        "dataset_uuid": _dataset_id(dataset),
    }


def _drawn(chart: Chart) -> tuple[str, dict[str, Any]]:
    metrics, by = list(chart.metrics), list(chart.by)
    if chart.kind is Kind.LINE:
        over = {"x_axis": TIME, "time_grain_sqla": "P1D", "granularity_sqla": TIME}
        over["y_axis_format"] = FORMATS.get(metrics[0], WHOLE)
        return "echarts_timeseries_line", {**over, "metrics": metrics, "groupby": by}
    if chart.kind is Kind.SANKEY:
        source, target = by
        return "sankey_v2", {"source": source, "target": target, "metric": metrics[0]}
    aggregated = {"query_mode": "aggregate", "order_desc": True, "granularity_sqla": TIME}
    return "table", {**aggregated, "metrics": metrics, "groupby": by}


def _asked(chart: Chart, params: Mapping[str, Any]) -> dict[str, Any]:
    """The chart's query for who asks without a browser: its data over the API, reports by mail.

    The datasource is filled in by the import.
    """
    axis = {"expressionType": "SQL", "sqlExpression": TIME, "label": TIME}
    over = [{**axis, "columnType": "BASE_AXIS", "timeGrain": "P1D"}]
    metrics, by = list(chart.metrics), list(chart.by)
    query = {
        "columns": (over if chart.kind is Kind.LINE else []) + by,
        "metrics": metrics,
        "orderby": [[metrics[0], False]],
        "granularity": TIME,
        "time_range": params["time_range"],
        "row_limit": ROWS,
    }
    return {
        "datasource": {"id": 0, "type": "table"},
        "queries": [query],
        "form_data": dict(params),
        "result_format": "json",
        "result_type": "full",
    }


def _dashboard(exposure: Exposure) -> dict[str, Any]:
    return {
        "dashboard_title": f"HXI: {exposure.label}",
        "description": exposure.description,
        "css": "",
        "published": True,
        "slug": f"hxi-{exposure.name.replace('_', '-')}",
        "uuid": _id("dashboard", exposure.name),
        "position": _position(exposure),
        "metadata": {"native_filter_configuration": list(_filters(exposure))},
        "version": VERSION,
    }


def _filters(exposure: Exposure) -> Iterator[dict[str, Any]]:
    """That every chart follows. ClickHouse's reader sees all projects, so one can be chosen."""
    yield _filter(exposure, "Period", "filter_time", {})
    source = next(c.source for c in of_exposure(exposure.name) if c.store is Store.CLICKHOUSE)
    chosen = {"Project": PROJECT} | ({"Session": SESSION} if exposure.name == OF_A_SESSION else {})
    for name, column in chosen.items():
        dataset = datasets()[source]
        target = {"column": {"name": column}, "datasetUuid": _dataset_id(dataset)}
        yield _filter(exposure, name, "filter_select", target)


def _filter(exposure: Exposure, name: str, kind: str, target: dict[str, Any]) -> dict[str, Any]:
    is_choice = kind == "filter_select"
    return {
        "id": f"NATIVE_FILTER-{exposure.name}" + (f"-{name.lower()}" if is_choice else ""),
        "name": name,
        "filterType": kind,
        "targets": [target],
        "defaultDataMask": {"filterState": {"value": None}},
        "controlValues": {"multiSelect": False, "searchAllOptions": True} if is_choice else {},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
        "type": "NATIVE_FILTER",
    }


def _position(exposure: Exposure) -> dict[str, Any]:
    """Charts of a row share its width."""
    rows = _rows(of_exposure(exposure.name))
    found: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": _box("GRID", "GRID_ID", [f"ROW-{n}" for n in range(len(rows))], ["ROOT_ID"]),
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": exposure.label}},
    }
    for n, row in enumerate(rows):
        above = ["ROOT_ID", "GRID_ID"]
        names = [f"CHART-{n}-{at}" for at in range(len(row))]
        found[f"ROW-{n}"] = {
            **_box("ROW", f"ROW-{n}", names, above),
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for name, chart in zip(names, row, strict=True):
            height = OF_STREAMS if chart.kind is Kind.SANKEY else HEIGHT
            meta = {"uuid": chart_id(chart), "sliceName": chart.title}
            found[name] = {
                **_box("CHART", name, [], [*above, f"ROW-{n}"]),
                "meta": {**meta, "width": WIDTH // len(row), "height": height, "chartId": 0},
            }
    return found


def _rows(charts: Sequence[Chart]) -> list[list[Chart]]:
    """Two a row, but for those that are too wide."""
    rows: list[list[Chart]] = []
    for chart in charts:
        if rows and len(rows[-1]) == 1 and not any(map(_is_wide, (*rows[-1], chart))):
            rows[-1].append(chart)
        else:
            rows.append([chart])
    return rows


def _is_wide(chart: Chart) -> bool:
    return chart.kind is Kind.SANKEY or len(chart.by) + len(chart.metrics) >= WIDE_COLUMNS


def _box(kind: str, name: str, children: list[str], parents: list[str]) -> dict[str, Any]:
    return {"type": kind, "id": name, "children": children, "parents": parents}


def filled(text: str, environment: Mapping[str, str]) -> str:
    """With the databases' addresses; KeyError for one that is not set."""
    for place in URIS.values():
        if place in text:
            text = text.replace(place, json.dumps(environment[place[2:-1]]))
    return text
