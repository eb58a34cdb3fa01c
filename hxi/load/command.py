"""`hxi load`: files through the ingest service into the warehouse."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hxi.admin.endpoints import resolve
from hxi.load.doors import Door
from hxi.load.loading import Options, load_files, silent
from hxi.load.loading import Progress as Done
from hxi.load.totals import LoadTotals
from hxi.options import data_dir_option, json_option

# Shown always; the others when they are not 0.
FIRST_COUNTS = ("received", "valid", "landed", "duplicate", "rejected")
OTHER_COUNTS = ("filtered", "refused_by_store", "erased")
# Only the ledger knows these.
KNOWN_BY_WAITING = ("landed", "duplicate", "reasons", *OTHER_COUNTS)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--key", help="The project's key (default: that of the stack's default project).")
@click.option("--backfill", is_flag=True, help="Also take events older than 30 days.")
@click.option(
    "--door",
    type=click.Choice(get_args(Door)),
    help="Send all through one door; default: JSON by HTTP, protobuf by gRPC.",
)
@click.option("--no-wait", is_flag=True, help="End when all is safe in ingest, not yet landed.")
@data_dir_option
@json_option
def load(  # one parameter an option
    *,
    files: tuple[Path, ...],
    key: str | None,
    backfill: bool,
    door: Door | None,
    no_wait: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Send FILES through ingest, wait until they are landed, say what became of them.

    *.ndjson[.gz] hold an EventBatch or an Event a line, *.binpb length-delimited EventBatches.
    Loading again is safe: what is there already counts as duplicate. Exit code 1 when whole
    batches were refused.
    """
    with _progress() as progress:
        options = Options(key, backfill, door, wait=not no_wait, progress=progress)
        totals = load_files(resolve(data_dir), files, options)
    _report(totals, waited=not no_wait, as_json=as_json)
    for refusal in totals.refusals:
        click.echo(f"hxi: batch refused: {refusal}", err=True)
    if more := totals.refused_batches - len(totals.refusals):
        click.echo(f"hxi: {more} more batches were refused", err=True)
    if totals.refused_batches:
        sys.exit(1)


@contextmanager
def _progress() -> Iterator[Callable[[Done], None]]:
    """A bar on stderr, when a person looks at it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        sent = bars.add_task("sent", total=None, note="")
        landed = bars.add_task("landed", total=None, note="", visible=False)

        def show(done: Done) -> None:
            events = f"{done.events_sent:,} events in {done.batches_sent:,} batches"
            bars.update(
                sent, completed=done.bytes_read, total=done.bytes_total or None, note=events
            )
            if done.batches_landed:
                note = f"{done.batches_landed:,} of {done.batches_sent:,} batches"
                bars.update(landed, completed=done.batches_landed, total=done.batches_sent)
                bars.update(landed, note=note, visible=True)

        yield show


def _report(totals: LoadTotals, *, waited: bool, as_json: bool) -> None:
    unknown = () if waited else KNOWN_BY_WAITING
    values = {name: value for name, value in asdict(totals).items() if name not in unknown}
    if as_json:
        click.echo(json.dumps(values))
        return
    for name in (*FIRST_COUNTS, *OTHER_COUNTS):
        if name in values and (name in FIRST_COUNTS or values[name]):
            click.echo(f"{name:<17}{values[name]:>13,}")
    for reason, count in sorted(totals.reasons.items()):
        click.echo(f"  {reason:<21}{count:>7,}")
    if "timestamp_too_old" in totals.reasons:
        click.echo("events older than 30 days were rejected: --backfill takes them", err=True)
