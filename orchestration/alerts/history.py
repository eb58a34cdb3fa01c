"""Brings `gosight.alert_history` to what the marts say now; writes messages of what is new."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
from psycopg.types.json import Jsonb

from orchestration.alerts.judging import Episode
from orchestration.alerts.rules import Rule

Postgres = psycopg.Connection[Any]


@dataclass(frozen=True)
class Stored:
    """An episode in the history: events' time, end excluded."""

    id: str
    start: datetime
    end: datetime
    value: float
    limit: float


@dataclass(frozen=True)
class Matched:
    """What is new, what goes on under which entry, which entries the marts no longer bear out."""

    new: tuple[Episode, ...]
    known: tuple[tuple[str, Episode], ...]
    corrected: tuple[str, ...]


def match(
    stored: Sequence[Stored], found: Sequence[Episode], cooldown: timedelta, since: datetime
) -> Matched:
    """An entry and an episode are one when no more than the cooldown lies between them.

    Windows before `since` were not judged again: what an entry says of them stays.
    """

    def are_one(entry: Stored, episode: Episode) -> bool:
        return episode.start <= entry.end + cooldown and entry.start <= episode.end + cooldown

    of_episode = {
        episode: [entry for entry in stored if are_one(entry, episode)] for episode in found
    }
    borne_out = {entry.id for entries in of_episode.values() for entry in entries}
    return Matched(
        tuple(episode for episode, entries in of_episode.items() if not entries),
        tuple(
            (entries[0].id, _continued(entries[0], episode, since))
            for episode, entries in of_episode.items()
            if entries
        ),
        tuple(entry.id for entry in stored if entry.id not in borne_out and entry.start >= since),
    )


def _continued(entry: Stored, episode: Episode, since: datetime) -> Episode:
    if entry.start >= since:
        return episode
    before = Episode(entry.start, episode.end, entry.value, entry.limit)
    is_worse = abs(episode.value - episode.limit) > abs(entry.value - entry.limit)
    return replace(episode, start=entry.start) if is_worse else before


def write(
    connection: Postgres,
    rule: Rule,
    group: dict[str, Any],
    found: Sequence[Episode],
    since: datetime,
    as_of: datetime,
) -> int:
    """One group of one rule, for windows from `since` on; returns how many episodes are new.

    Within the caller's transaction, which holds the rule's row.
    """
    stored = _stored(connection, rule, group, since)
    matched = match(stored, found, rule.cooldown, since)
    for episode in matched.new:
        _insert(connection, rule, group, episode, as_of)
    for entry, episode in matched.known:
        _update(connection, rule, group, entry, episode, as_of)
    _resolve(connection, matched.corrected)
    return len(matched.new)


def groups(connection: Postgres, rule: Rule, since: datetime) -> list[dict[str, Any]]:
    """Those that have entries which windows from `since` on may be part of."""
    rows = connection.execute(
        "SELECT DISTINCT context->'group' FROM gosight.alert_history WHERE rule_id = %s"
        " AND (context->>'end')::timestamptz >= %s",
        (rule.id, since - rule.cooldown),
    ).fetchall()
    return [group for (group,) in rows]


def _stored(
    connection: Postgres, rule: Rule, group: dict[str, Any], since: datetime
) -> list[Stored]:
    rows = connection.execute(
        "SELECT id::text, (context->>'start')::timestamptz, (context->>'end')::timestamptz,"
        " metric_value, threshold FROM gosight.alert_history"
        " WHERE rule_id = %s AND context->'group' = %s"
        " AND (context->>'end')::timestamptz >= %s ORDER BY 2, 1",
        (rule.id, Jsonb(group), since - rule.cooldown),
    ).fetchall()
    return [Stored(*row) for row in rows]


def _insert(
    connection: Postgres, rule: Rule, group: dict[str, Any], episode: Episode, as_of: datetime
) -> None:
    entry = uuid5(NAMESPACE_URL, f"{rule.id} {sorted(group.items())} {episode.start.isoformat()}")
    connection.execute(
        "INSERT INTO gosight.alert_history"
        " (id, rule_id, project_id, resolved_at, metric_value, threshold, context)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
        (
            entry,
            rule.id,
            rule.project_id,
            _resolved_at(rule, episode, as_of),
            episode.value,
            episode.limit,
            Jsonb(_context(rule, group, episode)),
        ),
    )
    connection.execute(
        "UPDATE gosight.alert_rules SET last_triggered = now() WHERE id = %s", (rule.id,)
    )
    for number, channel in enumerate(() if rule.is_muted else rule.channels):
        connection.execute(
            "INSERT INTO ops.alert_messages (message_id, history_id, channel) VALUES (%s, %s, %s)"
            " ON CONFLICT (message_id) DO NOTHING",
            (
                uuid5(UUID(str(entry)), str(number)),
                entry,
                Jsonb({"type": channel.kind, **channel.fields}),
            ),
        )


def _update(
    connection: Postgres,
    rule: Rule,
    group: dict[str, Any],
    entry: str,
    episode: Episode,
    as_of: datetime,
) -> None:
    connection.execute(
        "UPDATE gosight.alert_history SET metric_value = %s, threshold = %s, resolved_at = %s,"
        " context = %s WHERE id = %s",
        (
            episode.value,
            episode.limit,
            _resolved_at(rule, episode, as_of),
            Jsonb(_context(rule, group, episode)),
            entry,
        ),
    )


def _resolve(connection: Postgres, entries: Sequence[str]) -> None:
    """Late events took the reason away."""
    connection.execute(
        "UPDATE gosight.alert_history SET resolved_at = coalesce(resolved_at, now()),"
        " context = context || '{\"corrected\": true}' WHERE id = ANY(%s::uuid[])",
        (list(entries),),
    )


def _resolved_at(rule: Rule, episode: Episode, as_of: datetime) -> datetime | None:
    """The end of its last window, once another would be an episode of its own."""
    return episode.end if episode.end + rule.cooldown < as_of else None


def _context(rule: Rule, group: dict[str, Any], episode: Episode) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "project": rule.project,
        "metric": rule.condition.metric.name,
        "kind": rule.condition.kind,
        "operator": rule.condition.operator,
        "group": group,
        "start": episode.start.isoformat(),
        "end": episode.end.isoformat(),
    }
