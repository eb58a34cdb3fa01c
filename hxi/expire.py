"""`hxi expire`: deletes what is older than the limits of retention."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from hxi.admin.errors import BusyError, UserError
from hxi.options import data_dir_option, json_option
from hxi.stores import use_prepared
from orchestration.lease.lease import LeaseHeldError
from orchestration.retention.expiry import Expired, expire_now
from orchestration.retention.limits import CutOffs, LimitError, Limits, moment_of


@click.command()
@data_dir_option
@click.option("--as-of", default="", help="Count from this time, ISO 8601 in UTC (default: now).")
@json_option
def expire(data_dir: Path | None, as_of: str, *, as_json: bool) -> None:
    """Delete raw rows, recordings and marts that are too old; aggregates stay. Safe to repeat.

    The limits are HXI_RETENTION_RAW_DAYS (90), HXI_RETENTION_REPLAY_DAYS (7) and
    HXI_RETENTION_MARTS_DAYS (365).
    """
    try:
        cut_offs = Limits.from_environment().at(moment_of(as_of))
    except (LimitError, OverflowError) as error:
        raise UserError(str(error)) from error
    use_prepared(data_dir)
    gone = _expire(cut_offs)
    if as_json:
        click.echo(json.dumps({"as_of": cut_offs.as_of.isoformat(), **asdict(gone)}))
    else:
        _print(gone, cut_offs.as_of)


def _expire(cut_offs: CutOffs) -> Expired:
    try:
        return expire_now(cut_offs)
    except LeaseHeldError as error:
        raise BusyError(str(error)) from error


def _print(gone: Expired, as_of: datetime) -> None:
    click.echo(f"as of {as_of:%Y-%m-%d %H:%M:%S} UTC")
    for rows, what in (
        (gone.events, "events left raw and MongoDB"),
        (gone.replay_payloads, "replay payloads left raw and MongoDB"),
        (gone.replays, "sessions lost their recording"),
        (gone.sealed_sessions, "sessions sealed: never built again"),
        (gone.closed_days, "days closed: their aggregates stay"),
        (gone.mart_sessions, "sessions left the marts"),
    ):
        click.echo(f"{rows:>12,} {what}")
