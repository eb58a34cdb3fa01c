"""`hxi run`: every table brought up to date with what has landed, then a summary."""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hxi.admin import clients
from hxi.admin.endpoints import DEFAULT_DATA_DIR, Endpoints, resolve
from hxi.admin.errors import BusyError, NoStackError, UserError
from hxi.admin.prepare import clickhouse_schemas_through, postgres_schemas
from hxi.every import every_option
from hxi.imports import load_ahead
from hxi.options import data_dir_option, json_option, metrics_port_option
from hxi.run_output import shown, summary
from hxi.stores import use
from ingest.watching.traces import TRACES
from orchestration.transform.loading import loading

if TYPE_CHECKING:
    from orchestration.run.outcome import Refreshed


class RunFailedError(UserError):
    """A step failed; what it left is repeated by the next run."""

    exit_code = 8


@click.command()
@data_dir_option
@click.option("--full-refresh", is_flag=True, help="Rebuild every session, not only changed ones.")
@click.option(
    "--day",
    "days",
    multiple=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="Rebuild also the sessions of this UTC day; may be repeated.",
)
@click.option(
    "--verify", is_flag=True, help="Compare every session with raw, and rebuild those that differ."
)
@click.option("--start", is_flag=True, help="Start a stack for this run if none is running.")
@click.option("--sample", is_flag=True, help="Load the bundled sample if the warehouse is empty.")
@every_option
@metrics_port_option
@json_option
def run(
    *,
    data_dir: Path | None,
    start: bool,
    sample: bool,
    every: float | None,
    metrics_port: int | None,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Bring every table up to date: events, signals, marts, PostgreSQL. Safe to repeat."""
    if metrics_port and not every:
        raise click.UsageError("--metrics-port goes with --every")
    if every and any(wanted.values()):
        raise click.UsageError("--every goes with none of --full-refresh, --day, --verify")
    with _traced(), _stack(data_dir, start=start) as endpoints:
        use(endpoints, data_dir)
        _schemas(endpoints)
        if sample:
            _load_sample(endpoints)
        if every:
            from hxi.run_again import run_again

            run_again(endpoints, every, metrics_port, as_json=as_json)
            return
        started = time.monotonic()
        refreshed = refreshed_once(**_what_to_build(**wanted))
        seconds = time.monotonic() - started
        _report(endpoints, refreshed, seconds, as_json=as_json)
        for line in told_alerts():
            _say(line)
    if refreshed.failed_checks:
        sys.exit(RunFailedError.exit_code)


@contextmanager
def _traced() -> Iterator[None]:
    """Spans of the runs of this process go out before it ends."""
    TRACES.start("hxi-run", os.environ)
    try:
        yield
    finally:
        TRACES.stop()


def _what_to_build(
    *, full_refresh: bool, days: tuple[datetime, ...], verify: bool
) -> dict[str, Any]:
    """Arguments of `refreshed_once`."""
    return {"full": full_refresh, "days": [day.date() for day in days], "verify": verify}


def _schemas(endpoints: Endpoints) -> None:
    """Through the client that the run then uses: each new one asks the server three times."""
    from orchestration.stores.clients import kept_client

    clickhouse_schemas_through(kept_client(endpoints.clickhouse_url))
    postgres_schemas(endpoints.postgres_dsn)


@contextmanager
def _stack(data_dir: Path | None, *, start: bool) -> Iterator[Endpoints]:
    """The stack that runs, else one of our own for the length of the block."""
    try:
        endpoints = resolve(data_dir)
    except NoStackError:
        if not start:
            raise
        _say("starting the stores")
        load_ahead(_slow_modules())
        from stack.embedded import running_stack

        with running_stack(data_dir or DEFAULT_DATA_DIR) as endpoints:
            yield endpoints
    else:
        yield endpoints


def _slow_modules() -> list[str]:
    """Those that a run takes seconds to load; dbt only where nothing is compiled yet.

    None that parses the dbt project, which changes the environment meanwhile.
    """
    from orchestration.transform.compiled import any_kept

    needed = ["orchestration.run.instance", "orchestration.signals.known"]
    dbt = ["dbt.cli.main", "dbt.adapters.clickhouse", "dbt.adapters.postgres"]
    return needed if any_kept() else [*needed, *dbt]


def _load_sample(endpoints: Endpoints) -> None:
    from hxi.load import load_batches
    from simulate.sample import sample_batches

    with clients.clickhouse(endpoints.clickhouse_url) as client:
        if client.query("SELECT 1 FROM raw.ingest_ledger LIMIT 1").result_rows:
            return
    _say("loading the sample")
    totals = load_batches(endpoints, sample_batches())
    _say(
        f"  {totals.received:,} events received, {totals.landed:,} landed,"
        f" {totals.duplicate:,} duplicates, {totals.rejected:,} rejected"
    )


def refreshed_once(
    *,
    full: bool = False,
    days: Sequence[date] = (),
    verify: bool = False,
    progress: bool = True,
) -> "Refreshed":
    """Dagster and dbt take seconds to import, so only a run with something to do pays for them.

    BusyError when another run is at work, RunFailedError when a step fails.
    """
    with loading():
        from orchestration.lease.lease import LeaseHeldError
        from orchestration.run.idle import nothing_is_new
        from orchestration.run.outcome import DocumentsFailedError, Refreshed, RefreshFailedError

    try:
        if progress and not (full or days or verify) and nothing_is_new():
            return Refreshed()
        with loading():
            from orchestration.run.refresh import refresh

        with shown() if progress else nullcontext() as show:
            return refresh(full=full, days=days, verify=verify, progress=show)
    except LeaseHeldError as error:
        raise BusyError(str(error)) from error
    except DocumentsFailedError as error:
        behind = "every table is done, documents in MongoDB are behind and the next run writes them"
        raise RunFailedError(f"{behind}: {error}") from error
    except RefreshFailedError as error:
        raise RunFailedError(f"the run stopped, the next one repeats it: {error}") from error


def told_alerts() -> list[str]:
    """Judge the rules over what is built now; what came of it, no line where nothing did."""
    from orchestration.alerts.now import alert_now

    evaluated, sent = alert_now()
    lines = list(evaluated.problems)
    if evaluated.new or sent.sent or sent.failed or sent.unknown:
        lines.append(
            f"alerts: {evaluated.new} new; messages: {sent.sent} sent, {sent.waiting} to try again,"
            f" {sent.failed} failed, {sent.unknown} unknown"
        )
    return lines


def _say(line: str) -> None:
    """Progress is not the answer: it goes to stderr."""
    click.echo(line, err=True)


def _report(endpoints: Endpoints, refreshed: "Refreshed", seconds: float, *, as_json: bool) -> None:
    """For scripts with what `hxi status` has of the marts; people ask that."""
    if as_json:
        click.echo(json.dumps(answer(endpoints, refreshed, seconds), default=str))
        return
    for line in summary(refreshed, seconds):
        click.echo(line)


def answer(endpoints: Endpoints, refreshed: "Refreshed", seconds: float) -> dict[str, object]:
    """What `--json` prints."""
    from hxi.admin.status import marts

    with clients.clickhouse(endpoints.clickhouse_url) as clickhouse:
        found = marts(clickhouse)
    return {
        "planned_sessions": refreshed.planned_sessions,
        "plan_id": refreshed.plan_id,
        "rows_written": refreshed.written,
        "seconds": round(seconds, 3),
        "steps": {step: round(took, 3) for step, took in refreshed.seconds.items()},
        "passed_checks": refreshed.passed_checks,
        "failed_checks": refreshed.failed_checks,
        "marts": [asdict(mart) for mart in found],
    }
