"""ClickHouse: every table with a session in it, raw, built and of runs; deleted, then rewritten."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from orchestration.erasure.trace import Trace
from orchestration.stores.clients import delete_rows, integer

OTHERS = "('system', 'INFORMATION_SCHEMA', 'information_schema')"
# Ids of erased sessions stay here alone, so that none of their events lands again.
KEPT = "raw.tombstones"
# Counts of what expired are the ledger's: they stay, under an id that nobody can turn back.
COUNTED = "ops.expired"
REJECTED = "raw.rejected_events"
SESSION_COLUMNS = ("session_id", "visitor_id")


@dataclass(frozen=True)
class Column:
    """A column of a table that holds rows; `table` has its database."""

    table: str
    name: str
    kind: str
    is_of_project: bool  # whether the table says whose its rows are


def columns(client: Client) -> list[Column]:
    """Of every table that is no view."""
    rows = client.query(
        "SELECT concat(c.database, '.', c.table), c.name, c.type,"
        " (c.database, c.table) IN (SELECT database, table FROM system.columns"
        " WHERE name = 'project_id') FROM system.columns AS c"
        " INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table"
        f" WHERE t.engine NOT LIKE '%View' AND c.database NOT IN {OTHERS}"
        " ORDER BY c.database, c.table, c.position"
    ).result_rows
    return [Column(table, name, kind, bool(own)) for table, name, kind, own in rows]


def of_sessions(client: Client) -> Iterator[tuple[str, str]]:
    """Each table with the column that names sessions."""
    for column in columns(client):
        if column.name in SESSION_COLUMNS and column.table not in (KEPT, COUNTED):
            yield column.table, column.name


def condition(table: str, column: str) -> str:
    """Rows of the sessions in parameter `ids`."""
    of_project = "project_id = {project:String} AND "
    if table == REJECTED:  # ids of refused events are kept as they were sent
        return f"{of_project}replaceAll(lower({column}), '-', '') IN {{plain:Array(String)}}"
    return f"{of_project}{column} IN {{ids:Array(UUID)}}"


def parameters(trace: Trace, ids: Sequence[str]) -> dict[str, object]:
    """For `condition`."""
    plain = [one.replace("-", "") for one in ids]
    return {"project": trace.project_id, "ids": list(ids), "plain": plain}


def count(client: Client, trace: Trace) -> int:
    """Rows of all tables."""
    held = sum(
        integer(client, f"SELECT count() FROM {table} WHERE {condition(table, name)}", given)
        for table, name in of_sessions(client)
        for given in (parameters(trace, ids) for ids in trace.chunks())
    )
    of_user = f"SELECT count() FROM {REJECTED} WHERE {_of_user(trace)}"
    return held + integer(client, of_user, {"project": trace.project_id})


def delete(client: Client, trace: Trace) -> None:
    """From every table; the sessions must be built without their events already."""
    for table, name in of_sessions(client):
        for ids in trace.chunks():
            delete_rows(client, table, condition(table, name), parameters(trace, ids))
    delete_rows(client, REJECTED, _of_user(trace), {"project": trace.project_id})
    for ids in trace.chunks():
        _rename_counted(client, parameters(trace, ids))


def apply_masks(client: Client) -> list[str]:
    """Rewrite the parts that have deleted rows; when it returns, their bytes are in none."""
    tables = masked(client)
    for table in tables:
        client.command(f"ALTER TABLE {table} APPLY DELETED MASK")
    return tables


def masked(client: Client) -> list[str]:
    """Tables of which a part has deleted rows, with their databases."""
    rows = client.query(
        "SELECT DISTINCT concat(database, '.', table) FROM system.parts"
        f" WHERE active AND has_lightweight_delete AND database NOT IN {OTHERS} ORDER BY 1"
    ).result_rows
    return [str(table) for (table,) in rows]


def search(client: Client, trace: Trace) -> dict[str, int]:
    """Rows in which an id stands, by column; every table but that of the tombstones."""
    tables: dict[str, list[Column]] = defaultdict(list)
    for column in columns(client):
        if column.table != KEPT:
            tables[column.table].append(column)
    found: dict[str, int] = {}
    for table, its in tables.items():
        holding = {one.name: _holds(one, trace) for one in its}
        asked = {name: text for name, text in holding.items() if text}
        if not asked:
            continue
        counts = ", ".join(f"countIf({text})" for text in asked.values())
        where = "WHERE project_id = {project:String}" if its[0].is_of_project else ""
        given = {
            **parameters(trace, trace.sessions),
            "texts": list(trace.ids),
            "own": list(trace.ids_of("user_id")),
            "needles": list(trace.needles),
        }
        rows = client.query(f"SELECT {counts} FROM {table} {where}", parameters=given).result_rows
        found |= {f"{table}.{name}": int(n) for name, n in zip(asked, rows[0], strict=True) if n}
    return found


def _holds(column: Column, trace: Trace) -> str:
    """Whether an id is the value of the column, or stands in it; '' for one that holds no text."""
    if column.kind in ("UUID", "Nullable(UUID)"):
        return f"has({{ids:Array(UUID)}}, assumeNotNull({column.name}))"
    if column.kind == "Array(UUID)":
        return f"hasAny({column.name}, {{ids:Array(UUID)}})"
    if "String" not in column.kind or "AggregateFunction" in column.kind:
        return ""
    text = f"assumeNotNull(toString({column.name}))"
    values = "texts" if trace.ids_of(column.name) == trace.ids else "own"
    within = f"multiSearchAny({text}, {{needles:Array(String)}})" if trace.needles else "false"
    return f"has({{{values}:Array(String)}}, {text}) OR {within}"


def _of_user(trace: Trace) -> str:
    """Refused events whose bytes name the user: as JSON has it, or protobuf."""
    if not trace.user_id:
        return "false"
    text = trace.user_id.encode("utf-8", "replace")
    forms = [b'"' + text + b'"', *([bytes([len(text)]) + text] if len(text) < 128 else [])]
    found = " OR ".join(f"position(raw, unhex('{one.hex()}')) > 0" for one in forms)
    return f"project_id = {{project:String}} AND ({found})"


def _rename_counted(client: Client, given: dict[str, object]) -> None:
    """Equal rows under another id first: what is repeated replaces itself."""
    where = condition(COUNTED, "session_id")
    if not integer(client, f"SELECT count() FROM {COUNTED} WHERE {where}", given):
        return
    client.command(
        f"INSERT INTO {COUNTED} (expiry_id, project_id, session_id, kind, batch_id, rows, late)"
        " SELECT expiry_id, project_id, reinterpretAsUUID(MD5(concat('erased ',"
        f" toString(session_id)))), kind, batch_id, rows, late FROM {COUNTED} WHERE {where}",
        parameters=given,
    )
    client.command(f"DELETE FROM {COUNTED} WHERE {where}", parameters=given)
