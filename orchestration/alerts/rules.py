"""The rules of `gosight.alert_rules`, and what is wrong with those that cannot be judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from orchestration.alerts.channels import Channel, channels_of
from orchestration.alerts.conditions import Condition, RuleError, condition_of, cooldown_of

Postgres = psycopg.Connection[Any]

ACTIVE = """
    SELECT r.id::text, r.project_id::text, p.name AS project, r.name,
           r.condition_type::text AS kind, r.condition, r.channels,
           coalesce(r.cooldown_mins, 0) AS cooldown, r.created_at,
           coalesce(r.muted_until > now(), false) AS is_muted
    FROM gosight.alert_rules r JOIN gosight.projects p ON p.id = r.project_id
    WHERE r.is_active
    ORDER BY r.created_at, r.id"""


@dataclass(frozen=True)
class Rule:
    """One rule that can be judged."""

    id: str
    project_id: str
    project: str
    name: str
    condition: Condition
    channels: tuple[Channel, ...]
    cooldown: timedelta
    created_at: datetime
    is_muted: bool


def active_rules(connection: Postgres) -> Iterator[Rule | str]:
    """Every active rule, or why it cannot be judged: one of them stops no other."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Any] = list(cursor.execute(ACTIVE).fetchall())
        for row in rows:
            try:
                yield _rule(row)
            except RuleError as error:
                yield f"alert rule {row.name!r} of {row.project}: {error}"


def _rule(row: Any) -> Rule:
    return Rule(
        row.id,
        row.project_id,
        row.project,
        row.name,
        condition_of(row.kind, row.condition),
        channels_of(row.channels),
        cooldown_of(row.cooldown),
        row.created_at,
        row.is_muted,
    )


def add(
    connection: Postgres,
    project_id: str,
    name: str,
    kind: str,
    condition: dict[str, Any],
    channels: list[dict[str, Any]],
    cooldown_mins: int,
) -> str:
    """Store a rule that can be judged; returns its id. RuleError says what is wrong with it."""
    condition_of(kind, condition)
    channels_of(channels)
    cooldown_of(cooldown_mins)
    ((rule_id,),) = connection.execute(
        "INSERT INTO gosight.alert_rules"
        " (project_id, name, condition_type, condition, channels, cooldown_mins)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id::text",
        (
            project_id,
            name,
            kind,
            Jsonb(condition),
            Jsonb(channels),
            cooldown_mins,
        ),
    ).fetchall()
    return str(rule_id)
