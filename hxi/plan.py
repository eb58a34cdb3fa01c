"""`hxi plan`: what the next run would build, and why. Writes nothing."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hxi.admin import clients
from hxi.admin.endpoints import resolve
from hxi.options import data_dir_option, json_option
from hxi.stores import open_postgres, use

if TYPE_CHECKING:
    from orchestration.plan.reasons import Outlook


@click.command()
@data_dir_option
@json_option
def plan(data_dir: Path | None, as_json: bool) -> None:
    """Show what `hxi run` would build now, and why: sessions and days for each reason."""
    from orchestration.plan.reasons import TOLD

    endpoints = use(resolve(data_dir), data_dir)
    found, erases, lag = _asked(endpoints.clickhouse_url, data_dir)
    if as_json:
        told = {reason: asdict(one) for one in found.reasons for reason in [one.reason]}
        answer = {"sessions": found.sessions, "days": found.days, "reasons": told}
        click.echo(json.dumps({**answer, "erasure_waits": erases, "documents_behind": lag}))
        return
    for line in _lines(found, TOLD):
        click.echo(line)
    if erases:
        click.echo("people wait to be erased: the run begins with that")
    if lag:
        click.echo("documents in MongoDB are behind: the run ends with that")


def _asked(clickhouse_url: str, data_dir: Path | None) -> "tuple[Outlook, bool, bool]":
    from orchestration.documents.freshness import freshness
    from orchestration.erasure.erasing import any_waits
    from orchestration.plan.doubts import doubted
    from orchestration.plan.reasons import outlook
    from orchestration.rebuild import wanted

    with clients.clickhouse(clickhouse_url) as client, open_postgres(data_dir) as connection:
        settings = wanted.settings(client, connection)
        full = wanted.lacks_a_table(client)
        found = outlook(client, settings, full=full, doubted=doubted(client))
        return found, any_waits(connection, client), freshness(client).is_behind


def _lines(found: "Outlook", told: dict[str, str]) -> Iterator[str]:
    if not found.sessions:
        yield "nothing to build"
        return
    yield f"{found.sessions:,} sessions on {found.days:,} days"
    for one in found.reasons:
        yield (
            f"  {one.reason:<11} {one.sessions:>10,} sessions {one.days:>6,} days"
            f"  {told[one.reason]}"
        )
