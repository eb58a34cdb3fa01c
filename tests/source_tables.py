"""What the source documents say of tables and indexes, kept in docs/source_tables.yml as facts.

Every checkout compares its stores with them; where the documents lie beside it, tests compare the
facts with the documents too.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from hxi.admin.folder import CHECKOUT
from tests.e2e.documented_marts import Mart
from tests.integration.publish.documents import Column, Table

FACTS = CHECKOUT / "docs" / "source_tables.yml"
SPECS = CHECKOUT.parent / "shared" / "spec"

Facts: TypeAlias = dict[str, Any]
Keys: TypeAlias = tuple[str, ...]
Indexes: TypeAlias = dict[str, dict[Keys, bool]]
"""Keys of each index of MongoDB and whether it is unique, by collection."""


def document(name: str) -> Path:
    """The file, for tests of the facts themselves."""
    if not SPECS.is_dir():
        pytest.skip("needs the source documents in ../shared/spec beside the checkout, not there")
    return SPECS / name


def facts(store: str, part: str = "") -> Facts:
    """Of `clickhouse`, `mongodb`, or of one schema of `postgresql`."""
    found: Facts = yaml.safe_load(FACTS.read_text())[store]
    return found[part] if part else found


def marts() -> dict[str, Mart]:
    """The tables of database `gosight` in ClickHouse."""
    return {name: Mart(**fact) for name, fact in facts("clickhouse").items()}


def tables(schema: str) -> dict[str, Table]:
    """The tables of a schema in PostgreSQL."""
    return {name: _table(fact) for name, fact in facts("postgresql", schema).items()}


def collections() -> dict[str, Indexes]:
    """MongoDB's indexes by database."""
    return {
        database: {
            name: {tuple(keys.split(", ")): unique for keys, unique in indexes.items()}
            for name, indexes in collections.items()
        }
        for database, collections in facts("mongodb").items()
    }


def of_marts(made: dict[str, Mart]) -> Facts:
    """What the file should say of them."""
    return {name: asdict(mart) for name, mart in sorted(made.items())}


def of_tables(made: dict[str, Table]) -> Facts:
    """What the file should say of them."""
    return {
        name: {
            "columns": {column: _said(one) for column, one in table.columns.items()},
            "primary_key": list(table.primary_key),
            "references": {", ".join(here): list(to) for here, to in table.references.items()},
            "indexes": sorted(", ".join(index) for index in table.indexes),
        }
        for name, table in sorted(made.items())
    }


def of_collections(made: dict[str, Indexes]) -> Facts:
    """What the file should say of them."""
    return {
        database: {
            name: {", ".join(keys): unique for keys, unique in indexes.items()}
            for name, indexes in collections.items()
        }
        for database, collections in sorted(made.items())
    }


def _said(column: Column) -> str:
    required = " NOT NULL" if column.is_required else ""
    return f"{column.type}{required}" + (f" DEFAULT {column.default}" if column.default else "")


def _column(said: str) -> Column:
    declared, _, default = said.partition(" DEFAULT ")
    return Column(declared.removesuffix(" NOT NULL"), default, declared.endswith(" NOT NULL"))


def _table(fact: Facts) -> Table:
    return Table(
        columns={name: _column(said) for name, said in fact["columns"].items()},
        primary_key=tuple(fact["primary_key"]),
        references={tuple(key.split(", ")): tuple(to) for key, to in fact["references"].items()},
        indexes=frozenset(tuple(index.split(", ")) for index in fact["indexes"]),
    )
