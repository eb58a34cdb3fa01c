"""What the marts promise and which pages are made of them, as dbt's files say it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from hxi.admin.folder import CHECKOUT

MODELS = CHECKOUT / "dbt_project" / "models"
REF = re.compile(r"ref\('(\w+)'\)")


@dataclass(frozen=True)
class Column:
    """As ClickHouse has it."""

    type: str
    description: str


@dataclass(frozen=True)
class Mart:
    """`key`: the columns by which its rows are unique."""

    name: str
    description: str
    key: Sequence[str]
    columns: Mapping[str, Column]

    @property
    def day(self) -> str:
        """SQL of the UTC day by which a period is chosen."""
        types = {name: column.type for name, column in self.columns.items()}
        days = [name for name, kind in types.items() if kind == "Date"]
        times = [f"toDate({name})" for name, kind in types.items() if kind.startswith("DateTime")]
        return (days + times)[0]


@dataclass(frozen=True)
class Exposure:
    """A page of a dashboard and the marts it is made of. `page`: ours of that kind, or ''."""

    name: str
    label: str
    description: str
    marts: Sequence[str]
    page: str


@lru_cache(maxsize=1)
def marts() -> Mapping[str, Mart]:
    """By name: what `gosight` serves."""
    found = [_mart(model) for model in _models()]
    return {mart.name: mart for mart in sorted(found, key=lambda mart: mart.name)}


@lru_cache(maxsize=1)
def exposures() -> Sequence[Exposure]:
    """In the order of their file."""
    told = yaml.safe_load((MODELS / "exposures.yml").read_text())["exposures"]
    return [
        Exposure(
            one["name"],
            one["label"],
            one["description"],
            [name for text in one["depends_on"] for name in REF.findall(text)],
            one["config"].get("meta", {}).get("page", ""),
        )
        for one in told
    ]


def _models() -> list[dict[str, Any]]:
    files = [MODELS / "events" / "events.yml", *(MODELS / "marts").glob("*.yml")]
    return [model for file in files for model in yaml.safe_load(file.read_text())["models"]]


def _mart(model: Mapping[str, Any]) -> Mart:
    columns = {
        column["name"]: Column(column["data_type"], column["description"])
        for column in model["columns"]
    }
    return Mart(model["name"], model["description"].strip(), _key(model), columns)


def _key(model: Mapping[str, Any]) -> Sequence[str]:
    return next(
        test["unique_key"]["arguments"]["columns"]
        for test in model["data_tests"]
        if "unique_key" in test
    )
