"""Which columns are copied and served: said in the dbt project's YAML alone, and read here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.stores.settings import CHECKOUT

MODELS = CHECKOUT / "dbt_project" / "models" / "publish"


@dataclass(frozen=True)
class Column:
    """A column of a landing table: its type there, and the ClickHouse expression it is read with.

    `is_packed`: a replay payload as base64, unpacked on the way.
    """

    name: str
    data_type: str
    read: str
    is_packed: bool = False


@lru_cache
def landing() -> Mapping[str, tuple[Column, ...]]:
    """Columns of each landing table, in the order they are copied."""
    tables = [table for source in _declared("sources") for table in source["tables"]]
    return {table["name"]: tuple(map(_column, table["columns"])) for table in tables}


@lru_cache
def stage() -> Mapping[str, tuple[str, ...]]:
    """Names of the columns of each model of schema `stage`."""
    return {
        model["name"]: tuple(column["name"] for column in model["columns"])
        for model in _declared("models")
    }


def _column(declared: Mapping[str, Any]) -> Column:
    meta = declared.get("config", {}).get("meta", {})
    name = declared["name"]
    return Column(
        name, declared["data_type"], meta.get("read", name), bool(meta.get("is_packed", False))
    )


def _declared(kind: str) -> Iterator[dict[str, Any]]:
    """What the folder's files list under `sources` or `models`."""
    for path in sorted(MODELS.glob("*.yml")):
        yield from _read(path).get(kind, [])


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
    return content
