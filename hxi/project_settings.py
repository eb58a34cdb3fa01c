"""`hxi project set | unset | settings`: what a project's tables are built with."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import psycopg
from clickhouse_connect.driver.exceptions import ClickHouseError

from hxi.admin import clients, projects
from hxi.admin.endpoints import resolve
from hxi.admin.errors import StoreDownError, UserError
from hxi.options import data_dir_option, json_option
from hxi.stores import open_postgres
from orchestration.project_settings.catalogue import catalogue, setting
from orchestration.project_settings.declaration import SettingError, Value
from orchestration.project_settings.overrides import Overrides, checked, complete
from orchestration.project_settings.stored import check_patterns

NEXT_RUN = "the next `hxi run` rebuilds the project's sessions"


@click.command("set")
@click.argument("project")
@click.argument("assignments", nargs=-1, required=True, metavar="NAME=VALUE…")
@data_dir_option
def set_values(project: str, assignments: tuple[str, ...], data_dir: Path | None) -> None:
    """Override settings for PROJECT. A list is given by repeating its NAME=VALUE."""
    with _changing(data_dir, project) as (connection, project_id, stored):
        given = parsed(assignments)
        if any(isinstance(value, list) for value in given.values()):
            _check_patterns(data_dir, given)
        projects.store_overrides(connection, project_id, checked(_object(stored) | given))
    for name, value in given.items():
        click.echo(f"{name} = {_shown(value)}  (default: {_shown(catalogue()[name].default)})")
    click.echo(NEXT_RUN, err=True)


@click.command("unset")
@click.argument("project")
@click.argument("names", nargs=-1, metavar="NAME…")
@click.option("--all", "everything", is_flag=True, help="Of all settings.")
@data_dir_option
def unset_values(
    *, project: str, names: tuple[str, ...], everything: bool, data_dir: Path | None
) -> None:
    """Go back to the defaults for PROJECT."""
    if everything == bool(names):
        raise UserError("give the names to unset, or --all")
    with _changing(data_dir, project) as (connection, project_id, stored):
        held = _object(stored)
        unknown = [name for name in names if name not in held]
        if unknown:
            raise UserError(f"{project} has not set {', '.join(unknown)}")
        left = {name: value for name, value in held.items() if names and name not in names}
        if _is_valid(held):  # else one is taken away after the other until it is
            checked(left)
        projects.store_overrides(connection, project_id, left)
    click.echo(NEXT_RUN, err=True)


@click.command("settings")
@click.argument("project")
@data_dir_option
@json_option
def show_values(project: str, data_dir: Path | None, as_json: bool) -> None:
    """List every setting of PROJECT; * marks what is not the default."""
    with _changing(data_dir, project) as (_, _, stored):
        held = checked(stored)
    values = complete(held)
    if as_json:
        click.echo(json.dumps([_as_json(name, value, held) for name, value in values.items()]))
        return
    width = max(map(len, values))
    for name, value in values.items():
        default, unit = catalogue()[name].default, catalogue()[name].unit
        mark = " " if value == default else "*"
        click.echo(f"{mark} {name:<{width}}  {_shown(value):<10}  {_shown(default):<10}  {unit}")


def _as_json(name: str, value: Value, held: Overrides) -> dict[str, object]:
    one = catalogue()[name]
    return {
        "name": name,
        "value": value,
        "default": one.default,
        "overridden": name in held or value != one.default,
        "unit": one.unit,
    }


@contextmanager
def _changing(
    data_dir: Path | None, project: str
) -> Iterator[tuple[psycopg.Connection[Any], str, Any]]:
    """A transaction on the project's overrides as stored; what is not allowed is one line."""
    with open_postgres(data_dir) as connection, connection.transaction():
        project_id = projects.find(connection, project)
        try:
            yield connection, project_id, projects.overrides(connection, project_id)
        except SettingError as error:
            raise UserError(str(error)) from None


def parsed(assignments: tuple[str, ...]) -> Overrides:
    texts: dict[str, list[str]] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise UserError(f"{assignment!r} is not NAME=VALUE")
        texts.setdefault(name, []).append(text)
    return {name: setting(name).parsed(given) for name, given in texts.items()}


def _check_patterns(data_dir: Path | None, given: Overrides) -> None:
    try:
        with clients.clickhouse(resolve(data_dir).clickhouse_url) as clickhouse:
            check_patterns(clickhouse, given)
    except ClickHouseError as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise StoreDownError(f"ClickHouse does not answer ({reason}): see `hxi status`") from None


def _object(stored: Any) -> dict[str, Any]:
    """Something else, written by hand, is replaced by what is set."""
    return dict(stored) if isinstance(stored, dict) else {}


def _is_valid(held: Overrides) -> bool:
    try:
        checked(held)
    except SettingError:
        return False
    return True


def _shown(value: Value) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) or "none" if isinstance(value, list) else str(value)
