"""`hxi status`: what runs, what waits, how fresh marts and documents are."""

import json
import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from hxi.admin.endpoints import resolve
from hxi.admin.status import Documents, Status, collect
from hxi.options import data_dir_option, json_option


@click.command()
@data_dir_option
@json_option
def status(data_dir: Path | None, as_json: bool) -> None:
    """Show stores, spool, what waits for a run, documents, marts; exit code 6: one is down."""
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
    click.echo(f"{'ingest':<12} {'DOWN' if found.ingest is None else 'up'}")
    if found.ingest is not None:
        click.echo(f"{'spool':<12} {_spool(found.ingest)}")
    click.echo(f"{'waiting':<12} {_waiting(found)}")
    if found.late_beyond_retention:
        click.echo(f"{'late':<12} {found.late_beyond_retention:,} events came beyond retention")
    if found.documents is not None and found.documents.built_plan:
        click.echo(f"{'documents':<12} {_documents(found.documents)}")
    for mart in found.marts:
        newest = f"  newest {_moment(mart.newest)}" if mart.newest else ""
        click.echo(f"gosight.{mart.name:<26} {mart.rows:>12,} rows{newest}")


def _moment(newest: datetime | date) -> str:
    return f"{newest:%Y-%m-%d %H:%M:%S} UTC" if isinstance(newest, datetime) else f"{newest}"


def _spool(health: dict[str, Any]) -> str:
    """What of ingest's /health tells whether batches get through to the stores."""
    spool = health.get("spool", {})
    depth = f"{spool.get('batches', 0):,} batches, {spool.get('bytes', 0):,} bytes"
    age = f", the oldest for {spool['oldest_age_seconds']:.0f} s" if spool.get("batches") else ""
    error = health.get("last_landing_error")
    return f"{depth}{age}{f'; last error: {error}' if error else ''}"


def _documents(found: Documents) -> str:
    """Of plans by their numbers, as `hxi run --json` names them."""
    if found.served_plan >= found.built_plan:
        return f"up to date with run {found.built_plan}"
    served = f"run {found.served_plan}" if found.served_plan else "no run"
    return (
        f"{found.behind_s:,} s behind the tables of run {found.built_plan}: they are those of"
        f" {served}, `hxi run` writes the others"
    )


def _waiting(found: Status) -> str:
    if found.waiting_sessions is None:
        return "unknown"
    plan = f"; a plan of {found.planned_sessions:,} is open" if found.planned_sessions else ""
    return f"{found.waiting_sessions:,} sessions for `hxi run`{plan}"
