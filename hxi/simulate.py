"""`hxi simulate`: made-up traffic for trying, testing and measuring, with its answer sheet."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from simulate import Plan, Totals, Truth, generate
from simulate.output import batch_writer, truth_writer
from simulate.plan import last_midnight


@click.command()
@click.option("--sessions", default=1_000, show_default=True, help="How many visits.")
@click.option(
    "--days", default=7, show_default=True, help="Spread over so many days before the end."
)
@click.option("--seed", default=1, show_default=True, help="Another seed, other visits.")
@click.option("--end", help="End of the time (ISO 8601, UTC). Default: the last UTC midnight.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="*.binpb, *.ndjson or *.ndjson.gz; default: JSON lines on stdout.",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path),
    help="Write what was planned: a JSON line a session, then the totals.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the totals as JSON.")
def simulate(  # one parameter an option
    *,
    sessions: int,
    days: int,
    seed: int,
    end: str | None,
    out: Path | None,
    truth: Path | None,
    as_json: bool,
) -> None:
    """Make realistic traffic: pages, clicks, bursts, errors, vitals, requests, forms, scrolls.

    Every tenth visit has a session replay; some are bots', last for days or are told twice, and the
    truth says what is right of them. The same options give the same bytes. More than 29 days need
    `hxi load --backfill`.
    """
    plan = Plan(sessions, days, seed, _end(end))
    try:
        totals, batches = _write(plan, out, truth)
    except BrokenPipeError:  # the reader of our stdout has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    _report(totals, batches, out, as_json=as_json)


def _write(plan: Plan, out: Path | None, truth_path: Path | None) -> tuple[Totals, int]:
    count = 0
    with truth_writer(truth_path) as note, batch_writer(out) as write:
        truth = Truth(note)
        for batch in generate(plan, truth):
            write(batch)
            count += 1
        if note is not None:
            note(truth.totals)
    return truth.totals, count


def _end(text: str | None) -> datetime:
    if text is None:
        return last_midnight()
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text} is no ISO 8601 time, e.g. 2026-01-31T00:00:00Z", param_hint="--end"
        ) from None
    return end.replace(tzinfo=UTC) if end.tzinfo is None else end


def _report(totals: Totals, batches: int, out: Path | None, *, as_json: bool) -> None:
    on_stderr = out is None  # stdout holds the events
    if as_json:
        click.echo(json.dumps(totals.as_dict() | {"batches": batches}), err=on_stderr)
        return
    made = f"{totals.events:,} events of {totals.sessions:,} sessions in {batches:,} batches"
    if totals.replay_payloads:
        made += f", {totals.replay_payloads:,} replay payloads of {totals.recorded_sessions:,}"
    click.echo(f"{made} -> {out or 'stdout'}", err=on_stderr)
