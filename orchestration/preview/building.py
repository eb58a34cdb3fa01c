"""Builds a part of events, signals and marts in a database of its own."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from clickhouse_connect.driver.client import Client

from orchestration.plan.project_settings import values_by_signal
from orchestration.preview import part
from orchestration.preview.models import Model, reads_signals
from orchestration.preview.names import DATABASE, Name, beside, built, redirected, seen
from orchestration.signals.runner import OfPlan, run_signal
from orchestration.signals.signal import AnySignal

EVENTS = ("gosight", "events")
SET_ASIDE = ("signals", "set_aside")
Columns = Mapping[Name, Mapping[str, str]]
"""Types of the columns of tables as they are served."""


@contextmanager
def database(client: Client) -> Iterator[None]:
    """An empty one for the block; what one that died left is dropped first. Needs the lease."""
    client.command(f"DROP DATABASE IF EXISTS {DATABASE}")
    client.command(f"CREATE DATABASE {DATABASE}")
    try:
        yield
    finally:
        client.command(f"DROP DATABASE IF EXISTS {DATABASE}")


def build(
    client: Client,
    models: Sequence[Model],
    signals: Sequence[AnySignal],
    root: Path,
    told: Callable[[str, float], None],
) -> None:
    """Build what `part.make` has named of these models, in their order.

    `told` is called with each table and its seconds. Events are built before the days that they
    enter are known, signals before the marts.
    """
    served = served_columns(client)
    wanted = list(signals) if reads_signals(models) else []
    names = _tables(client, models, wanted, served)

    def write(some: Iterable[Model]) -> None:
        for model in some:
            started = time.monotonic()
            _write(client, model, names, root)
            told(".".join(model.name), time.monotonic() - started)

    write(model for model in models if model.is_of_events)
    part.add_days(client, built(EVENTS))
    _run(beside(client, names), wanted, told)
    write(model for model in models if not model.is_of_events)


def served_columns(client: Client) -> Columns:
    """Of all tables that a part is built of."""
    found: dict[Name, dict[str, str]] = {}
    rows = client.query(
        "SELECT database, table, name, type FROM system.columns"
        " WHERE database IN ('gosight', 'intermediate', 'signals') ORDER BY position"
    ).result_rows
    for database_, table, name, kind in rows:
        found.setdefault((str(database_), str(table)), {})[str(name)] = str(kind)
    return found


def _tables(
    client: Client, models: Sequence[Model], signals: Sequence[AnySignal], served: Columns
) -> set[Name]:
    """Make the empty tables, and the views that show them with what the part leaves out.

    Returns what is to be read there, views of models among it, which are made when they are due.
    """
    for model in models:
        if model.kind == "rewrite":
            declared = ", ".join(f"`{name}` {kind}" for name, kind in model.columns.items())
            order = model.node["config"]["order_by"]
            client.command(f"CREATE TABLE {built(model.name)} ({declared}) ORDER BY {order}")
            _show(client, model, served.get(model.name, {}))
    for name in _of_signals(signals):
        client.command(f"CREATE TABLE {built(name)} AS {'.'.join(name)}")
        _show_signal(client, name)
    for signal in signals:
        _keep(client, signal)
    return {*part.names(), *(model.name for model in models), *_of_signals(signals)}


def _of_signals(signals: Sequence[AnySignal]) -> list[Name]:
    tables = [("signals", signal.table) for signal in signals]
    return [*tables, SET_ASIDE] if tables else []


def _show(client: Client, model: Model, served: Mapping[str, str]) -> None:
    columns = ", ".join(f"`{name}`" for name in model.columns)
    query = f"SELECT {columns} FROM {built(model.name)}"
    if served:
        query += f" UNION ALL SELECT {_as_declared(model, served)} FROM {'.'.join(model.name)}"
        query += f" WHERE NOT ({of_part(model)})"
    client.command(f"CREATE VIEW {seen(model.name)} AS {query}")


def _as_declared(model: Model, served: Mapping[str, str]) -> str:
    """Columns that are not served yet hold their types' defaults."""
    return ", ".join(
        f"`{name}`" if name in served else f"defaultValueOfTypeName('{_quoted(kind)}') AS `{name}`"
        for name, kind in model.columns.items()
    )


def _quoted(kind: str) -> str:
    return kind.replace("'", "\\'")


def of_part(model: Model) -> str:
    """Which rows of its table the part has."""
    config = model.node["config"]
    return part.condition(config["grain"], config.get("day") or "day")


def _show_signal(client: Client, name: Name) -> None:
    client.command(
        f"CREATE VIEW {seen(name)} AS SELECT * FROM {built(name)} UNION ALL"
        f" SELECT * FROM {'.'.join(name)} WHERE NOT ({part.condition('session', '')})"
    )


def _keep(client: Client, signal: AnySignal) -> None:
    """What a run would leave of the part's rows, because nothing could find it again."""
    if signal.but_kept:
        name, planned = ("signals", signal.table), part.condition("session", "")
        client.command(
            f"INSERT INTO {built(name)} SELECT * FROM {'.'.join(name)}"
            f" WHERE {planned} AND NOT (true {signal.but_kept})"
        )


def _write(client: Client, model: Model, names: Collection[Name], root: Path) -> None:
    if model.kind == "seed":
        _write_seed(client, model, root)
        return
    sql = redirected(model.sql, names)
    if model.kind == "view":
        client.command(f"CREATE VIEW {seen(model.name)} AS {sql}")
        return
    columns = ", ".join(f"`{name}`" for name in model.columns)
    settings = model.node["config"].get("query_settings") or {}
    client.command(
        f"INSERT INTO {built(model.name)} ({columns}) SELECT {columns} FROM ({sql}\n)",
        settings=settings,
    )


def _write_seed(client: Client, model: Model, root: Path) -> None:
    types = model.node["config"]["column_types"]
    declared = ", ".join(f"`{name}` {kind}" for name, kind in types.items())
    client.command(f"CREATE TABLE {seen(model.name)} ({declared}) ORDER BY tuple()")
    content = (root / model.node["original_file_path"]).read_bytes()
    client.raw_insert(seen(model.name), insert_block=content, fmt="CSVWithNames")


def _run(through: Client, signals: Sequence[AnySignal], told: Callable[[str, float], None]) -> None:
    if not signals:
        return
    nothing_to_forget = OfPlan(0, set(), values_by_signal(through))
    for signal in signals:
        told(
            f"signals.{signal.table}",
            run_signal(through, signal, known=nothing_to_forget).duration_s,
        )
