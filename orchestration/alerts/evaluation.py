"""Judges every rule over the marts. May be repeated, killed and run beside itself at any time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.alerts import history
from orchestration.alerts.judging import Episode, Group, Values, alarming, episodes
from orchestration.alerts.rules import Rule, active_rules
from orchestration.alerts.windows import group_of, starts, values
from orchestration.checks.lag import lag

Postgres = psycopg.Connection[Any]
# Held until the transaction ends; another evaluation goes on to the next rule.
CLAIM = "SELECT 1 FROM gosight.alert_rules WHERE id = %s FOR UPDATE SKIP LOCKED"


@dataclass
class Evaluated:
    """What an evaluation did: rules judged, episodes that are new, rules that cannot be judged."""

    rules: int = 0
    new: int = 0
    problems: list[str] = field(default_factory=list)


def evaluate(client: Client, connection: Postgres, as_of: datetime | None = None) -> Evaluated:
    """Judge every active rule for windows over by `as_of`: what the marts are complete to."""
    done = Evaluated()
    rules = list(active_rules(connection))
    until = (as_of or complete_to(client)) if rules else datetime.now(UTC)
    for rule in rules:
        if isinstance(rule, str):
            done.problems.append(rule)
        else:
            done.rules += 1
            done.new += _judge(client, connection, rule, until)
    return done


def complete_to(client: Client) -> datetime:
    """Now, or when the oldest batch landed that still waits for a run."""
    return datetime.now(UTC) - timedelta(seconds=lag(client).waited_s)


def _judge(client: Client, connection: Postgres, rule: Rule, as_of: datetime) -> int:
    windows = starts(rule.condition.window, rule.created_at, as_of)
    if not windows:
        return 0
    by_group = values(client, rule.project_id, rule.condition, windows)
    with connection.transaction():
        if connection.execute(CLAIM, (rule.id,)).fetchone() is None:
            return 0
        return sum(
            history.write(
                connection, rule, group, _episodes(rule, of_group, windows), windows[0], as_of
            )
            for group, of_group in _with_known(connection, rule, by_group, windows[0])
        )


def _episodes(rule: Rule, of_group: Values, windows: Sequence[datetime]) -> list[Episode]:
    found = alarming(rule.condition, of_group, windows)
    return episodes(found, rule.condition.window, rule.cooldown)


def _with_known(
    connection: Postgres, rule: Rule, by_group: "dict[Group, Values] | Any", since: datetime
) -> list[tuple[dict[str, Any], Values]]:
    """The groups that have values, and those that had: their entries may have to be corrected."""
    found = [(group_of(rule.condition, group), each) for group, each in by_group.items()]
    named = [group for group, _ in found]
    known = history.groups(connection, rule, since)
    return found + [(group, {}) for group in known if group not in named]
