"""`hxi status`: what runs, what waits, how fresh the marts are."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from stack.cli.options import data_dir_option, json_option
from stack.endpoints import resolve
from stack.status import Status, collect


@click.command()
@data_dir_option
@json_option
def status(data_dir: Path | None, as_json: bool) -> None:
    """Show stores, spool, sessions waiting for a run, and the marts; exit code 6: one is down."""
    found = collect(resolve(data_dir))
    if as_json:
        click.echo(json.dumps({**asdict(found), "is_up": found.is_up}, default=str))
    else:
        _print(found)
    if not found.is_up:
        sys.exit(6)


def _print(found: Status) -> None:
    for name, is_up in found.stores.items():
        click.echo(f"{name:<12} {'up' if is_up else 'DOWN'}")
    click.echo(f"{'ingest':<12} {'DOWN' if found.ingest is None else _flat(found.ingest)}")
    waiting = "unknown" if found.waiting_sessions is None else str(found.waiting_sessions)
    click.echo(f"{'waiting':<12} {waiting} sessions for `hxi run`")
    for mart in found.marts:
        newest = f"newest {mart.newest:%Y-%m-%d %H:%M:%S} UTC" if mart.newest else ""
        click.echo(f"gosight.{mart.name:<26} {mart.rows:>12,} rows  {newest}".rstrip())


def _flat(health: dict[str, object]) -> str:
    """Ingest's own words, one line; its keys are its own."""
    return "  ".join(f"{key} {json.dumps(value)}" for key, value in health.items())
