"""Source documents beside live tables: what differs, and what docs/deviations.yml says of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql

from hxi.admin.folder import CHECKOUT

DEVIATIONS = CHECKOUT / "docs" / "deviations.yml"
PROJECT_FIRST = "project_id leads every key, index and foreign key"


@dataclass(frozen=True)
class Column:
    """`default` without schema names, '' for none."""

    type: str
    default: str
    is_required: bool


@dataclass(frozen=True)
class Table:
    """`primary_key` and each of `indexes` are column names in order; `references` by columns."""

    columns: dict[str, Column]
    primary_key: tuple[str, ...]
    references: dict[tuple[str, ...], tuple[str, ...]]
    indexes: frozenset[tuple[str, ...]]


@dataclass(frozen=True, order=True)
class Difference:
    """`is_now`: what the live table has instead; column '*' where it concerns no single one."""

    table: str
    column: str
    is_now: str


@dataclass(frozen=True)
class Deviation:
    """One entry of the list; `table` and `columns` may be patterns."""

    table: str
    columns: tuple[str, ...]
    is_now: str

    def explains(self, difference: Difference) -> bool:
        """Whether the entry is about this difference."""
        return (
            fnmatchcase(difference.table, self.table)
            and any(fnmatchcase(difference.column, column) for column in self.columns)
            and self.is_now == difference.is_now
        )


def blocks(document: Path, sections: str = ".*") -> list[str]:
    """The SQL of a document's sections (their titles match), as it stands there."""
    parts = re.split(r"^## ", document.read_text(), flags=re.MULTILINE)
    wanted = [part for part in parts if re.match(sections, part)]
    return re.findall(r"^```sql\n(.*?)^```", "\n".join(wanted), re.DOTALL | re.MULTILINE)


def deviations(document: str) -> list[Deviation]:
    """The list's entries for a document."""
    entries = [e for e in yaml.safe_load(DEVIATIONS.read_text()) if e["document"] == document]
    return [deviation for entry in entries for deviation in _deviations(entry)]


def _deviations(entry: dict[str, Any]) -> Iterator[Deviation]:
    if entry.get("adds") == "any":
        yield Deviation(entry["table"], ("[!*]*",), "added")  # columns, no tables
    elif "adds" in entry:
        yield from (Deviation(entry["table"], (name,), "added") for name in entry["adds"])
    if "is" in entry:
        columns = entry.get("columns") or [entry.get("column", "*")]
        yield Deviation(entry["table"], tuple(columns), entry["is"])


def tables(connection: psycopg.Connection[Any], schema: str) -> dict[str, Table]:
    """Every table and view of a schema."""
    names = connection.execute(
        "SELECT relname FROM pg_class"
        " WHERE relkind IN ('r', 'v') AND relnamespace = %s::regnamespace",
        (schema,),
    ).fetchall()
    return {name: _table(connection, schema, name) for (name,) in names}


def _table(connection: psycopg.Connection[Any], schema: str, name: str) -> Table:
    relation = sql.Identifier(schema, name).as_string()
    return Table(
        columns=_columns(connection, schema, relation),
        primary_key=next(iter(_constraints(connection, relation, "p")), ()),
        references=_constraints(connection, relation, "f"),
        indexes=_indexes(connection, relation),
    )


def _columns(connection: psycopg.Connection[Any], schema: str, relation: str) -> dict[str, Column]:
    """Without the schema's name, which types and sequences of its own carry."""
    rows = connection.execute(
        """
        SELECT attname, format_type(atttypid, atttypmod), attnotnull,
               coalesce(pg_get_expr(adbin, adrelid), '')
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        ORDER BY attnum
        """,
        (relation,),
    ).fetchall()
    return {
        name: Column(
            kind.removeprefix(f"{schema}."), default.replace(f"{schema}.", ""), is_required
        )
        for name, kind, is_required, default in rows
    }


def _constraints(
    connection: psycopg.Connection[Any], relation: str, kind: str
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Columns of each constraint -> the table and columns it refers to."""
    names = "(SELECT array_agg(attname::text ORDER BY place) FROM unnest({}) WITH ORDINALITY"
    names += " AS key (number, place) JOIN pg_attribute ON attrelid = {} AND attnum = number)"
    rows = connection.execute(
        f"SELECT {names.format('conkey', 'conrelid')}, {names.format('confkey', 'confrelid')},"
        " (SELECT relname::text FROM pg_class WHERE oid = confrelid)"
        " FROM pg_constraint WHERE conrelid = %s::regclass AND contype = %s".encode(),
        (relation, kind),
    ).fetchall()
    return {tuple(own): (other or "", *(others or ())) for own, others, other in rows}


def _indexes(connection: psycopg.Connection[Any], relation: str) -> frozenset[tuple[str, ...]]:
    rows = connection.execute(
        """
        SELECT array_agg(attname::text ORDER BY place)
        FROM pg_index, unnest(indkey) WITH ORDINALITY AS key (number, place), pg_attribute
        WHERE indrelid = %s::regclass AND attrelid = indrelid AND attnum = number
        GROUP BY indexrelid
        """,
        (relation,),
    ).fetchall()
    return frozenset(tuple(columns) for (columns,) in rows)


def differences(
    document: dict[str, Table], live: dict[str, Table], *, views: bool = False
) -> Iterator[Difference]:
    """Where live tables are not as documented; of views, names and types of columns alone."""
    for name in document.keys() | live.keys():
        if name not in live:
            yield Difference(name, "*", "missing")
        elif name not in document:
            yield Difference(name, "*", "added")
        else:
            yield from _of_columns(name, document[name], live[name], views=views)
            if not views:
                yield from _of_keys(name, document[name], live[name])


def _of_columns(name: str, document: Table, live: Table, *, views: bool) -> Iterator[Difference]:
    for column in document.columns.keys() | live.columns.keys():
        if column not in live.columns:
            yield Difference(name, column, "missing")
        elif column not in document.columns:
            yield Difference(name, column, "added")
        else:
            wanted, found = document.columns[column], live.columns[column]
            if found.type != wanted.type:
                yield Difference(name, column, found.type)
            if not views and found.default != wanted.default:
                yield Difference(name, column, f"DEFAULT {found.default}".strip())
            if not views and found.is_required != wanted.is_required:
                yield Difference(name, column, "NOT NULL" if found.is_required else "NULL")


def _of_keys(name: str, document: Table, live: Table) -> Iterator[Difference]:
    """An index is there when one begins with its columns."""
    if live.primary_key != document.primary_key:
        yield Difference(name, "*", _said(document.primary_key, live.primary_key))
    for columns, target in document.references.items():
        longer = ("project_id", *columns)
        if live.references.get(longer) == (target[0], "project_id", *target[1:]):
            yield Difference(name, "*", PROJECT_FIRST)
        elif live.references.get(columns) != target:
            yield Difference(name, columns[0], "no foreign key")
    for columns in document.indexes:
        if not _has_index(live, columns):
            is_longer = _has_index(live, ("project_id", *columns))
            yield (
                Difference(name, "*", PROJECT_FIRST)
                if is_longer
                else Difference(name, columns[0], "no index")
            )


def _has_index(table: Table, columns: tuple[str, ...]) -> bool:
    return any(index[: len(columns)] == columns for index in table.indexes)


def _said(wanted: tuple[str, ...], found: tuple[str, ...]) -> str:
    return PROJECT_FIRST if found == ("project_id", *wanted) else f"PRIMARY KEY {found}"
