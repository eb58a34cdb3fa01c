"""What the README tells is there: commands, targets, files, variables, tables."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from hxi.admin.endpoints import Endpoints, variable
from hxi.command import COMMANDS
from ingest.sinks.placement import VARIABLE as PLACEMENT
from orchestration.transform.project import CLICKHOUSE

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()
GUIDES = README + (ROOT / "CONTRIBUTING.md").read_text()
PLACE = r"`((?:[a-z_]+/)+[a-z_.]*|[a-z_]+\.(?:yaml|yml))`"


def test_its_hxi_commands_are_commands() -> None:
    named = set(re.findall(r"\bhxi ([a-z-]+)\b", README))
    assert named
    assert named <= set(COMMANDS)


def test_its_make_targets_are_targets() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)\b", README))
    assert {"run", "test", "check", "bench"} <= named <= targets


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#]+)\)", GUIDES))))
def test_its_links_lead_to_files(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(PLACE, GUIDES))))
def test_the_places_it_names_are_there(path: str) -> None:
    below_marts = ROOT / "dbt_project/models/marts" / path
    below_signals = ROOT / "orchestration/signals" / path
    assert (ROOT / path).exists() or below_marts.exists() or below_signals.exists()


def test_its_variables_are_those_of_a_stack() -> None:
    known = {variable(field.name) for field in fields(Endpoints)} | {PLACEMENT}
    assert set(re.findall(r"\bHXI_[A-Z_]+\b", README)) - {"HXI_"} <= known


def test_its_tables_are_marts() -> None:
    models = {node["name"] for node in CLICKHOUSE.manifest()["nodes"].values()}
    named = re.findall(r"^\| `([a-z_]+)` \|", README, re.MULTILINE)
    assert len(named) >= 7
    assert set(named) <= models


def test_the_architecture_page_has_a_line_for_each_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {
        file.parent.relative_to(ROOT).as_posix()
        for top in ("hxi", "ingest", "orchestration", "stack")
        for file in (ROOT / top).glob("*/__init__.py")
    }
    assert len(rooms) > 15
    assert {room for room in rooms if f"`{room}/`" not in page} == set()
