"""The bundles of BI tools are what contracts, exposures and charts make them."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from bi.__main__ import HERE, bundles, main
from bi.charts import CHARTS, Kind
from bi.datasets import datasets
from pages import contracts


def test_the_files_are_those_that_are_made_now() -> None:
    made = bundles()
    there = {path for name in ("superset", "grafana") for path in (HERE / name).rglob("*.*")}
    assert there == made.keys(), "python -m bi"
    assert {path for path, text in made.items() if path.read_text() != text} == set()


def test_every_exposure_has_a_dashboard_of_its_own_marts() -> None:
    for exposure in contracts.exposures():
        own = [chart for chart in CHARTS if chart.exposure == exposure.name]
        assert own, exposure.name
        marts = {chart.source for chart in own if chart.source in contracts.marts()}
        assert marts <= set(exposure.marts), exposure.name
    assert {chart.exposure for chart in CHARTS} == {one.name for one in contracts.exposures()}


def test_no_dataset_holds_what_superset_cannot_show() -> None:
    for source, dataset in datasets().items():
        columns = contracts.marts()[source].columns if source in contracts.marts() else {}
        for name, column in columns.items():
            if "UUID" in column.type or column.type.startswith("AggregateFunction"):
                assert f"mart.{name},\n" not in dataset.sql
                assert f"mart.{name}) AS {name}" in dataset.sql


def test_a_bundle_is_packed_with_addresses_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hxi.zip"
    monkeypatch.setenv("HXI_BI_POSTGRES_URI", "postgresql+psycopg2://bi:p@h/hxi_dashboard")
    assert main(["pack", str(out)]) == 2
    assert "HXI_BI_CLICKHOUSE_URI is not set" in capsys.readouterr().err
    monkeypatch.setenv("HXI_BI_CLICKHOUSE_URI", 'clickhousedb://r:"x: y@h:8123/gosight')
    assert main(["pack", str(out)]) == 0
    with ZipFile(out) as archive:
        database = yaml.safe_load(archive.read("hxi/databases/clickhouse.yaml"))
        assert database["sqlalchemy_uri"] == 'clickhousedb://r:"x: y@h:8123/gosight'
        assert len(archive.namelist()) == len(list((HERE / "superset").rglob("*.yaml")))


def test_what_a_file_names_is_in_another_file() -> None:
    files = [yaml.safe_load(path.read_text()) for path in (HERE / "superset").rglob("*.yaml")]
    there = {one["uuid"] for one in files if "uuid" in one}
    assert len(there) == len(files) - 1, "metadata.yaml has none"
    named = {one[key] for one in files for key in ("dataset_uuid", "database_uuid") if key in one}
    boxes = [box for one in files for box in one.get("position", {}).values()]
    shown = {
        box["meta"]["uuid"] for box in boxes if isinstance(box, dict) and box["type"] == "CHART"
    }
    assert named | shown <= there
    assert len(shown) == len(CHARTS)
    panels = [
        panel
        for path in (HERE / "grafana").glob("*.json")
        for panel in json.loads(path.read_text())["panels"]
    ]
    assert len(panels) == len(CHARTS)


def test_streams_are_numbered_by_their_step() -> None:
    streams = [chart for chart in CHARTS if chart.kind is Kind.SANKEY]
    assert {chart.store.value for chart in streams} == {"clickhouse", "postgres"}
    assert all(len(chart.by) == 2 for chart in streams)
