"""The document's ClickHouse tables, made by its own statements, beside the live ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client

from tests.integration.publish.documents import Difference, blocks

# Not valid in ClickHouse as the document writes it; docs/deviations.yml lists it.
INVALID, VALID = "Nullable(LowCardinality(String))", "LowCardinality(Nullable(String))"
VIEW = re.compile(
    r"CREATE MATERIALIZED VIEW (\w+)\s+ENGINE = (\w+)\(\)"
    r".*?ORDER BY (\([^)]*\))\s+AS (SELECT.*?);",
    re.DOTALL,
)


@dataclass(frozen=True)
class Mart:
    """`keys`: ENGINE, ORDER BY, PARTITION BY, TTL, or none; `indexes`: definitions by name."""

    columns: dict[str, str]
    keys: dict[str, str]
    indexes: dict[str, str]


def documented(client: Client, document: Path, database: str) -> dict[str, Mart]:
    """Runs the statements of the document's ClickHouse part in `database`."""
    written = re.sub(r"--[^\n]*", "", "\n".join(blocks(document, "3. ClickHouse")))
    text = written.replace(INVALID, VALID)
    for statement in re.findall(
        r"(CREATE TABLE .*?|ALTER TABLE \w+ ADD INDEX .*?);", text, re.DOTALL
    ):
        named = re.sub(r"^(CREATE|ALTER) TABLE ", rf"\1 TABLE {database}.", statement)
        client.command(named)
    tables = live(client, database)
    for column in re.findall(rf"(\w+)\s+{re.escape(INVALID)}", written):
        tables["events"].columns[column] = INVALID
    # The document's page_time_mv reads a column that its events table lacks.
    client.command(f"ALTER TABLE {database}.events ADD COLUMN time_on_page_ms Nullable(UInt64)")
    for name, engine, order, query in VIEW.findall(text):
        rows = client.query(f"DESCRIBE ({query.replace('FROM ', f'FROM {database}.')})")
        keys = {"ENGINE": engine, "ORDER BY": _key(order), "PARTITION BY": "", "TTL": ""}
        tables[name] = Mart({row[0]: row[1] for row in rows.result_rows}, keys, {})
    return tables


def live(client: Client, database: str) -> dict[str, Mart]:
    """Every table of a database, as the server describes it."""
    tables = client.query(
        "SELECT name, engine, sorting_key, partition_key,"
        " extract(create_table_query, 'TTL (.*?) SETTINGS')"
        " FROM system.tables WHERE database = {database:String}",
        parameters={"database": database},
    ).result_rows
    return {
        name: Mart(
            _columns(client, database, name),
            {
                "ENGINE": engine,
                "ORDER BY": _key(order),
                "PARTITION BY": _key(partition),
                "TTL": ttl,
            },
            _indexes(client, database, name),
        )
        for name, engine, order, partition, ttl in tables
    }


def differences(wanted: dict[str, Mart], found: dict[str, Mart]) -> Iterator[Difference]:
    """What a live table has instead of what the document says; `added` columns too."""
    for name, mart in wanted.items():
        if name not in found:
            yield Difference(name, "*", "missing")
            continue
        have = found[name]
        for part in ("columns", "keys", "indexes"):
            documented_part, live_part = getattr(mart, part), getattr(have, part)
            for key, value in documented_part.items():
                is_now = live_part.get(key, "missing")
                # A view of the document has no partitions of its own; a table may.
                if is_now != value and not (key == "PARTITION BY" and value == ""):
                    yield Difference(name, key, is_now or "none")
        for column in have.columns.keys() - mart.columns.keys():
            yield Difference(name, column, "added")


def _columns(client: Client, database: str, table: str) -> dict[str, str]:
    rows = client.query(
        "SELECT name, type FROM system.columns"
        " WHERE database = {database:String} AND table = {table:String} ORDER BY position",
        parameters={"database": database, "table": table},
    ).result_rows
    return {str(name): str(what) for name, what in rows}


def _indexes(client: Client, database: str, table: str) -> dict[str, str]:
    rows = client.query(
        "SELECT name, concat(expr, ' ', type_full, ' ', toString(granularity))"
        " FROM system.data_skipping_indices"
        " WHERE database = {database:String} AND table = {table:String}",
        parameters={"database": database, "table": table},
    ).result_rows
    return {str(name): str(what) for name, what in rows}


def _key(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip("() \n"))
