"""Two runs from one checkout: what one writes, the other never reads half."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestration.transform import project as projects
from orchestration.transform.project import Project


def test_a_manifest_is_whole_while_another_run_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    project = Project("postgres")
    nodes = project.manifest()["nodes"].keys()
    path = project.artifacts / "manifest.json"
    first = path.stat().st_ino
    projects._parse.cache_clear()

    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(project.parsed)
        while not again.done():
            assert json.loads(path.read_text())["nodes"].keys() == nodes
        again.result()

    assert path.stat().st_ino != first, "it was replaced, not written over"
    assert {one.name for one in project.artifacts.iterdir()} == set(projects.PARSED)


def test_each_call_of_dbt_writes_to_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    project = Project("clickhouse")
    with project.scratch() as mine, project.scratch() as yours:
        assert mine != yours
    assert list(project.artifacts.iterdir()) == []
