"""`hxi alert`: rules that watch the marts, and who is told."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import psycopg

from hxi.admin import projects
from hxi.admin.errors import UserError
from hxi.options import data_dir_option, json_option
from hxi.stores import open_postgres
from orchestration.alerts import rules
from orchestration.alerts.channels import channel_of
from orchestration.alerts.conditions import TYPES, RuleError, window_of
from orchestration.alerts.post import FailedError, RefusedError, UnknownError
from orchestration.alerts.senders import Message, Senders
from orchestration.alerts.stored import StoredRule, find, mute_until, remove_rule, stored_rules

Postgres = psycopg.Connection[Any]


class NotToldError(UserError):
    """A channel did not take the message."""

    exit_code = 8


@click.group()
def alert() -> None:
    """Alerts: rules over the marts, judged after each run, told once an episode."""


@alert.command()
@click.argument("project")
@click.argument("name")
@click.option("--metric", required=True, help="A named metric, or mart.column with --aggregate.")
@click.option("--aggregate", help="Of a mart.column: sum, avg, min, max, count, distinct, p95, ….")
@click.option("--type", "kind", type=click.Choice(TYPES), default="threshold", show_default=True)
@click.option("--operator", help=">, >=, < or <=.")
@click.option("--threshold", type=float)
@click.option("--deviations", type=float, help="Of an anomaly: how far from usual.")
@click.option("--window", default="1h", show_default=True, help="Like 5m, 1h or 1d.")
@click.option("--group-by", "group_by", multiple=True, help="A column; may be repeated.")
@click.option("--filter", "filters", multiple=True, help="COLUMN=VALUE; may be repeated.")
@click.option("--channel", "channels", multiple=True, help="JSON, or the address of a webhook.")
@click.option("--cooldown", type=click.IntRange(0), default=15, show_default=True, help="Minutes.")
@data_dir_option
def add(
    *,
    project: str,
    name: str,
    kind: str,
    channels: tuple[str, ...],
    cooldown: int,
    data_dir: Path | None,
    **condition: Any,
) -> None:
    """Watch a metric of PROJECT (slug or id) under NAME."""
    with open_postgres(data_dir) as connection:
        try:
            added = rules.add(
                connection,
                projects.find(connection, project),
                name,
                kind,
                _condition(**condition),
                [_channel(one) for one in channels],
                cooldown,
            )
        except RuleError as error:
            raise click.UsageError(str(error)) from None
    click.echo(added)


@alert.command("list")
@data_dir_option
@json_option
def list_rules(data_dir: Path | None, as_json: bool) -> None:
    """Every rule with its state: what is wrong with it, and how its last messages ended."""
    with open_postgres(data_dir) as connection:
        found = stored_rules(connection)
    if as_json:
        click.echo(json.dumps([one.shown() for one in found], default=str))
        return
    for one in found:
        click.echo(_line(one))


@alert.command()
@click.argument("rule")
@data_dir_option
def test(rule: str, data_dir: Path | None) -> None:
    """Send a test message through each channel of RULE (name or id)."""
    with open_postgres(data_dir) as connection:
        found = _found(connection, rule)
    failed = [reason for one in found.channels if (reason := _tried(found, one))]
    if failed:
        raise NotToldError("; ".join(failed))


@alert.command()
@click.argument("rule")
@click.option("--for", "span", default="1d", show_default=True, help="Like 30m, 8h or 7d.")
@click.option("--off", is_flag=True, help="Speak again.")
@data_dir_option
def mute(*, rule: str, span: str, off: bool, data_dir: Path | None) -> None:
    """Keep RULE (name or id) judging and its history, but send nothing."""
    try:
        until = datetime.now(UTC) + (timedelta(0) if off else window_of(span))
    except RuleError as error:
        raise click.UsageError(str(error)) from None
    with open_postgres(data_dir) as connection:
        mute_until(connection, _found(connection, rule).id, until)
    click.echo("speaks again" if off else f"muted until {until:%Y-%m-%d %H:%M} UTC")


@alert.command()
@click.argument("rule")
@data_dir_option
def remove(rule: str, data_dir: Path | None) -> None:
    """Forget RULE (name or id) and its history."""
    with open_postgres(data_dir) as connection:
        remove_rule(connection, _found(connection, rule).id)


def _condition(group_by: tuple[str, ...], filters: tuple[str, ...], **given: Any) -> dict[str, Any]:
    condition = {name: value for name, value in given.items() if value is not None}
    if group_by:
        condition["groupBy"] = list(group_by)
    if filters:
        condition["filters"] = dict(one.partition("=")[::2] for one in filters)
    return condition


def _channel(given: str) -> dict[str, Any]:
    if given.startswith(("http://", "https://")):
        return {"type": "webhook", "url": given}
    try:
        found = json.loads(given)
    except ValueError:
        raise RuleError(f"channel {given!r} is neither an address nor JSON") from None
    channel_of(found)
    return dict(found)


def _found(connection: Postgres, rule: str) -> StoredRule:
    try:
        return find(connection, rule)
    except LookupError as error:
        raise UserError(str(error.args[0])) from None


def _tried(rule: StoredRule, channel: dict[str, Any]) -> str:
    """What went wrong; '' when the message was taken."""
    text = f"{rule.name}: a test message, nothing has happened\n{rule.project}"
    message = Message(f"test-{rule.id}-{datetime.now(UTC).timestamp():.0f}", text, {})
    try:
        Senders.from_environment().send(channel_of(channel), message)
    except (RuleError, RefusedError, FailedError, UnknownError) as error:
        return str(error)
    click.echo(f"{channel['type']}: taken")
    return ""


def _line(rule: StoredRule) -> str:
    state = rule.problem or rule.state
    last = f", last {rule.last_triggered:%Y-%m-%d %H:%M} UTC" if rule.last_triggered else ""
    told = f", {rule.message_problem}" if rule.message_problem else ""
    return f"{rule.id}  {rule.project}  {rule.name}: {state}{last}{told}"
