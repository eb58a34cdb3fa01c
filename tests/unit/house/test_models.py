"""What the dbt project says of itself: grain, columns, contracts, keys, equations, pages."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestration.transform.project import CLICKHOUSE, POSTGRES, Project
from tests.unit.house.mart_catalogue import catalogue, marts

ROOT = Path(__file__).resolve().parents[3]
PROJECTS = (CLICKHOUSE, POSTGRES)

Node = Mapping[str, Any]


def tables(project: Project) -> Iterator[Node]:
    """Models, seeds and sources of a target."""
    manifest = project.manifest()
    for node in (*manifest["nodes"].values(), *manifest["sources"].values()):
        if node["resource_type"] in {"model", "seed", "source"}:
            yield node


def checks_of(node: Node) -> Iterator[Node]:
    """dbt's tests that read the model."""
    manifest = CLICKHOUSE.manifest()
    for child in manifest["child_map"][node["unique_id"]]:
        if child.startswith("test."):
            yield manifest["nodes"][child]


def kind(test: Node) -> str:
    """'unique_key', 'adds_up', …; 'singular' for one with a file of its own."""
    return str((test.get("test_metadata") or {}).get("name", "singular"))


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.target)
def test_every_table_says_what_one_row_is(project: Project) -> None:
    silent = [node["name"] for node in tables(project) if "One row per" not in node["description"]]
    assert silent == []


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.target)
def test_every_column_says_what_it_holds(project: Project) -> None:
    silent = [
        f"{node['name']}.{name}"
        for node in tables(project)
        for name, column in (node["columns"] or {"": {"description": ""}}).items()
        if not column["description"].strip()
    ]
    assert silent == []


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.target)
def test_every_model_keeps_a_contract(project: Project) -> None:
    free = [
        node["name"]
        for node in tables(project)
        if node["resource_type"] == "model"
        and node["config"]["materialized"] != "ephemeral"
        and not node["config"]["contract"]["enforced"]
    ]
    assert free == []


def test_every_mart_proves_its_key_and_an_equation() -> None:
    proved = {node["name"]: {kind(test) for test in checks_of(node)} for node in marts()}
    assert len(proved) >= 20
    assert [name for name, kinds in proved.items() if "unique_key" not in kinds] == []
    equations = {"true_equation", "adds_up", "singular"}
    assert [name for name, kinds in proved.items() if not kinds & equations] == []


def test_every_mart_is_on_a_page_of_the_dashboard() -> None:
    manifest = CLICKHOUSE.manifest()
    pages = manifest["exposures"].values()
    assert [page["name"] for page in pages if not page["owner"].get("name")] == []
    shown = {parent for page in pages for parent in page["depends_on"]["nodes"]}
    assert [node["name"] for node in marts() if node["unique_id"] not in shown] == []


def test_the_catalogue_of_marts_is_what_the_models_say() -> None:
    written = (ROOT / "docs/marts.md").read_text()
    assert catalogue() in written, "python -m tests.unit.house.mart_catalogue writes it anew"
