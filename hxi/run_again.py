"""`hxi run --every`: the same run again and again in one process, which has all of it loaded."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime

import click

from hxi.admin.endpoints import Endpoints
from hxi.admin.errors import BusyError
from hxi.every import repeat
from hxi.metrics import Runs, served, warehouse
from hxi.run import RunFailedError, answer, refreshed_once, told_alerts
from hxi.speaking import Speaker
from orchestration.lease.lease import LeaseHeldError
from orchestration.rebuild.rules import rules_hash
from orchestration.run.outcome import Refreshed
from orchestration.run.standing import Standing
from orchestration.stores.settings import Settings


def run_again(
    endpoints: Endpoints, every: float, metrics_port: int | None, *, as_json: bool
) -> None:
    """Until SIGINT or SIGTERM; a line a run, none where nothing was new."""
    registry = warehouse(endpoints)
    with served(registry, metrics_port) if metrics_port else nullcontext():
        _again(endpoints, every, Runs(registry), as_json=as_json)


def _again(endpoints: Endpoints, every: float, runs: Runs, *, as_json: bool) -> None:
    click.echo(f"looking every {every:g} s (pid {os.getpid()}), end by Ctrl-C", err=True)
    speaker = Speaker(os.environ)
    standing = Standing(Settings.from_environment())
    refreshed = _refreshing()

    def turn() -> str:
        try:
            if standing.nothing_is_new():
                return "\n".join(told_alerts())
        except LeaseHeldError as error:
            raise BusyError(str(error)) from error
        started = time.monotonic()
        try:
            done = refreshed()
        except RunFailedError:
            runs.failed()
            raise
        seconds = time.monotonic() - started
        runs.ended(done, seconds)
        speaker.about(**_facts(done, seconds))
        for told in told_alerts():
            click.echo(told, err=True)
        if as_json:
            return json.dumps(answer(endpoints, done, seconds), default=str)
        return line_of(done, seconds)

    repeat(turn, every, speaker.say)
    click.echo("stopped", err=True)


def _facts(done: Refreshed, seconds: float) -> dict[str, object]:
    """Of a run, for a line that machines read."""
    return {
        "plan_id": done.plan_id,
        "planned_sessions": done.planned_sessions,
        "rows_written": sum(done.written.values()),
        "seconds": round(seconds, 3),
        "failed_checks": list(done.failed_checks),
    }


def line_of(refreshed: Refreshed, seconds: float) -> str:
    """One line of a run, with the time at its end."""
    rows = sum(refreshed.written.values())
    failed = f", {len(refreshed.failed_checks)} FAILED" if refreshed.failed_checks else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {refreshed.planned_sessions:,} sessions rebuilt"
        f" in {seconds:.1f} s, {rows:,} rows written, {refreshed.passed_checks} checks passed"
        f"{failed}"
    )


def _refreshing() -> Callable[[], Refreshed]:
    """A run here as long as the rules are those that this process has loaded."""
    began_with = rules_hash()

    def refreshed() -> Refreshed:
        if rules_hash() == began_with:
            return refreshed_once(progress=False)
        click.echo("the rules have changed since: each run loads them until a new start", err=True)
        return _in_another_process()

    return refreshed


def _in_another_process() -> Refreshed:
    command = [sys.executable, "-m", "hxi", "run", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        told = json.loads(ended.stdout)
    except ValueError:
        reason = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RunFailedError(reason.removeprefix("hxi: ")) from None
    return Refreshed(
        planned_sessions=told["planned_sessions"],
        plan_id=told["plan_id"],
        failed_checks=tuple(told["failed_checks"]),
        passed_checks=told["passed_checks"],
        written=told["rows_written"],
        seconds=told["steps"],
    )
