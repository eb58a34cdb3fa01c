"""External tables: data sent beside a query, temporary tables while it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stack.clickhouse.engine import Connection
from stack.clickhouse.errors import BAD_REQUEST_PARAMETER, refused
from stack.clickhouse.tokens import quoted

SUFFIXES = ("_structure", "_types", "_format")


@dataclass(frozen=True)
class ExternalTable:
    """`structure` is a column list as in CREATE TABLE."""

    name: str
    structure: str
    format: str
    data: bytes


def external_tables(
    files: Mapping[str, bytes], params: Mapping[str, str]
) -> tuple[ExternalTable, ...]:
    """`name_structure` or `name_types` say what is in the file; `name_format` is TSV else."""
    return tuple(
        ExternalTable(
            name, _structure(name, params), params.get(f"{name}_format", "TabSeparated"), data
        )
        for name, data in files.items()
    )


def own_params(tables: Sequence[ExternalTable]) -> set[str]:
    """Parameters that describe tables, and are no settings."""
    return {table.name + suffix for table in tables for suffix in SUFFIXES}


def _structure(name: str, params: Mapping[str, str]) -> str:
    if structure := params.get(f"{name}_structure"):
        return structure
    if types := params.get(f"{name}_types"):
        columns = enumerate(_split(types), start=1)
        return ", ".join(f"_{number} {kind}" for number, kind in columns)
    raise refused(
        BAD_REQUEST_PARAMETER,
        f"Neither {name}_structure nor {name}_types have been provided for external table {name}.",
    )


def _split(types: str) -> list[str]:
    """At commas outside parentheses."""
    parts, depth = [""], 0
    for letter in types:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def fill(connection: Connection, tables: Sequence[ExternalTable]) -> None:
    """They live as long as the connection, unless dropped."""
    for table in tables:
        connection.query(f"CREATE TEMPORARY TABLE {quoted(table.name)} ({table.structure})")
        head = f"INSERT INTO {quoted(table.name)}".encode()
        connection.insert(head, b"", table.format, iter([table.data]), {})


def drop(connection: Connection, tables: Sequence[ExternalTable]) -> None:
    """For a connection that lives on."""
    for table in tables:
        connection.query(f"DROP TEMPORARY TABLE IF EXISTS {quoted(table.name)}")
