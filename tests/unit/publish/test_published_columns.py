"""Declarations of the publish stage agree with the marts' contracts and with each other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hxi.admin.folder import CHECKOUT
from orchestration.publish.landing import LANDING_TABLES, PLANNED_SESSIONS, LandingTable
from orchestration.publish.tables import SERVED_TABLES, ServedTable
from tests.integration.publish.stand_in_marts import TABLES

MODELS = CHECKOUT / "dbt_project" / "models"
MARTS = [table for table in LANDING_TABLES if table is not PLANNED_SESSIONS]

Columns = dict[str, dict[str, str]]


def contract(path: Path) -> Columns:
    """Type by column, by model, of a file of models."""
    models: list[dict[str, Any]] = yaml.safe_load(path.read_text())["models"]
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for model in models
    }


def marts() -> Columns:
    """What the marts promise."""
    files = [MODELS / "events" / "events.yml", *sorted((MODELS / "marts").glob("*.yml"))]
    return {name: columns for file in files for name, columns in contract(file).items()}


def names(expression: str) -> set[str]:
    """Names in a ClickHouse expression that are neither functions nor made up inside it."""
    code = re.sub(r"'[^']*'", "", expression)
    words = set(re.findall(r"\b[a-z_][a-z_0-9]*\b(?!\()", code))
    return words - {"digest", "NULL"}


@pytest.mark.parametrize("table", MARTS, ids=lambda table: table.name)
def test_only_columns_the_mart_promises_are_copied(table: LandingTable) -> None:
    read = set().union(*map(names, table.columns.values()))
    assert read
    assert read <= marts()[table.name].keys()


@pytest.mark.parametrize("table", MARTS, ids=lambda table: table.name)
def test_stand_in_marts_have_the_types_of_the_contract(table: LandingTable) -> None:
    listed = re.findall(r"(\w+) ((?:\w+\([^()]*(?:\([^()]*\))?\))|\w+)", TABLES[table.name])
    stand_in = {name: re.sub(r"LowCardinality\((.*)\)$", r"\1", kind) for name, kind in listed}
    promised = marts()[table.name]
    assert stand_in == {
        name: re.sub(r"LowCardinality\((.*)\)$", r"\1", promised[name]) for name in stand_in
    }


@pytest.mark.parametrize(
    "table", [table for table in SERVED_TABLES if not table.temporary_source], ids=lambda t: t.name
)
def test_stage_shapes_exactly_the_columns_that_are_merged(table: ServedTable) -> None:
    file = {"hxi": "publish.yml", "traceflow": "traceflow.yml"}[table.schema]
    assert tuple(contract(MODELS / "publish" / file)[table.model]) == table.columns
