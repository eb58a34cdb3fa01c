"""Sends what waits in an outbox: each message once, whatever is killed meanwhile.

A message is claimed before it is sent and marked after. Of one whose sender died in between nobody
knows whether it arrived: where the receiver tells by its id that it comes twice, it is sent again;
a chat would show it twice, so there it stays `unknown`, which `hxi alert list` shows.
Alerts have an outbox, reports another (`orchestration/reports`); tables of both have these columns:
message_id, channel, state, attempts, next_attempt_at, claimed_until, error.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from psycopg.rows import namedtuple_row

from orchestration.alerts.channels import REPEATABLE, channel_of
from orchestration.alerts.conditions import RuleError
from orchestration.alerts.post import FailedError, RefusedError, UnknownError
from orchestration.alerts.senders import Message, Senders

Postgres = psycopg.Connection[Any]
ATTEMPTS = 8
FIRST_BACK_OFF_S = 15  # doubles: the last attempt is about half an hour after the first

CLAIM = """
    UPDATE {table} m
    SET state = 'sending', attempts = attempts + 1,
        claimed_until = now() + interval '{claim_s} seconds'
    WHERE message_id = (
        SELECT message_id FROM {table}
        WHERE (state = 'waiting' AND next_attempt_at <= now())
           OR (state = 'sending' AND claimed_until < now() AND channel->>'type' = ANY(%s))
        ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING m.*"""
GIVE_UP = """
    UPDATE {table} m
    SET state = 'unknown', error = 'its sender died: it may have arrived'
    WHERE state = 'sending' AND claimed_until < now() AND NOT channel->>'type' = ANY(%s)
    RETURNING m.*"""
FACTS = """
    SELECT context, metric_value, threshold, triggered_at FROM gosight.alert_history
    WHERE id = %s"""
TOLD = """
    UPDATE gosight.alert_history h
    SET notification_sent = told.sent, notification_error = told.error
    FROM (SELECT bool_and(state = 'sent') AS sent, string_agg(error, '; ') AS error
          FROM ops.alert_messages WHERE history_id = %s) told
    WHERE h.id = %s"""


class Outbox(Protocol):
    """What the messages of a table say."""

    table: str
    claim_s: int  # longer than making and sending one takes

    def message(self, connection: Postgres, claimed: Any) -> Message:
        """Of a row of the table. RefusedError or FailedError when it cannot be made."""

    def told(self, connection: Postgres, claimed: Any) -> None:
        """After each attempt, and when one is given up."""


@dataclass
class Sent:
    """Messages by how they ended; `waiting` ones are tried again."""

    sent: int = 0
    waiting: int = 0
    failed: int = 0
    unknown: int = 0


def send_due(connection: Postgres, senders: Senders, outbox: Outbox) -> Sent:
    """Send all that is due now. The connection commits each statement."""
    done = Sent()
    for given_up in _rows(connection, outbox, GIVE_UP):
        outbox.told(connection, given_up)
        done.unknown += 1
    for claimed in _rows(connection, outbox, CLAIM):
        state, error = _attempt(connection, senders, outbox, claimed)
        wait = FIRST_BACK_OFF_S * 2 ** (claimed.attempts - 1)
        connection.execute(
            f"UPDATE {outbox.table} SET state = %s, error = %s, claimed_until = NULL,"
            " next_attempt_at = now() + make_interval(secs => %s) WHERE message_id = %s",
            (state, error, wait, claimed.message_id),
        )
        outbox.told(connection, claimed)
        setattr(done, state, getattr(done, state) + 1)
    return done


def _rows(connection: Postgres, outbox: Outbox, statement: str) -> Iterator[Any]:
    """What a statement takes hold of, until it finds nothing more."""
    sql = statement.format(table=outbox.table, claim_s=outbox.claim_s)
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        while found := cursor.execute(sql, (sorted(REPEATABLE),)).fetchall():
            yield from found


def _attempt(
    connection: Postgres, senders: Senders, outbox: Outbox, claimed: Any
) -> tuple[str, str | None]:
    """The state after it, and what went wrong."""
    try:
        channel = channel_of(claimed.channel)
    except RuleError as error:  # of a rule that was read less strictly
        return "failed", str(error)
    try:
        senders.send(channel, outbox.message(connection, claimed))
    except RefusedError as error:
        return "failed", str(error)
    except UnknownError as error:
        if not channel.is_repeatable:
            return "unknown", str(error)
        return _again(claimed.attempts), str(error)
    except FailedError as error:
        return _again(claimed.attempts), str(error)
    return "sent", None


def _again(attempts: int) -> str:
    return "waiting" if attempts < ATTEMPTS else "failed"


class AlertMessages:
    """Of entries of `gosight.alert_history`, which say how their messages ended."""

    table = "ops.alert_messages"
    claim_s = 120

    def message(self, connection: Postgres, claimed: Any) -> Message:
        ((context, value, limit, triggered_at),) = connection.execute(
            FACTS, (claimed.history_id,)
        ).fetchall()
        facts = {
            **context,
            "value": value,
            "threshold": limit,
            "triggered_at": triggered_at.isoformat(),
        }
        return Message(str(claimed.message_id), text_of(facts), facts)

    def told(self, connection: Postgres, claimed: Any) -> None:
        connection.execute(TOLD, (claimed.history_id, claimed.history_id))


def text_of(facts: dict[str, Any]) -> str:
    """Two lines: what happened, and when."""
    group = ", ".join(f"{name} {value}" for name, value in facts["group"].items())
    where = f" ({group})" if group else ""
    what = {
        "absence": f"no {facts['metric']}",
        "anomaly": f"{facts['metric']} {facts['value']:.6g}, unusual beyond"
        f" {facts['threshold']:.6g}",
        "threshold": f"{facts['metric']} {facts['value']:.6g} {facts['operator']}"
        f" {facts['threshold']:.6g}",
    }[facts["kind"]]
    return (
        f"{facts['rule']}: {what}{where}\n"
        f"{facts['project']}, {facts['start'][:16]} to {facts['end'][:16]} UTC"
    )
