"""Who gets a project's report, and for which week one is due."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

Postgres = psycopg.Connection[Any]
WEEK = timedelta(weeks=1)
# `settings.report` is written by `hxi project report`, which checks it, or by whoever may write.
RECEIVERS = """
    SELECT id AS project_id, jsonb_build_object('type', 'email', 'to', receiver) AS channel
    FROM gosight.projects, jsonb_array_elements_text(
        CASE jsonb_typeof(settings->'report'->'to') WHEN 'array' THEN settings->'report'->'to' END
    ) AS receiver"""
QUEUE = f"""
    INSERT INTO ops.report_messages (project_id, since, channel)
    SELECT project_id, %s, channel FROM ({RECEIVERS}) receivers
    ON CONFLICT (project_id, since, channel) DO NOTHING"""
# Somebody who was taken off the list since gets none that waits.
DROP = f"""
    DELETE FROM ops.report_messages
    WHERE state IN ('waiting', 'failed')
      AND (project_id, channel) NOT IN (SELECT project_id, channel FROM ({RECEIVERS}) receivers)"""
AGAIN = """
    UPDATE ops.report_messages SET state = 'waiting', attempts = 0, next_attempt_at = now()
    WHERE since = %s AND state IN ('waiting', 'failed')"""
STANDING = f"""
    SELECT (SELECT count(*) FROM ({RECEIVERS}) receivers),
           (SELECT count(*) FROM ({RECEIVERS}) receivers
            WHERE NOT EXISTS (SELECT FROM ops.report_messages m
                              WHERE (m.project_id, m.channel)
                                    = (receivers.project_id, receivers.channel)
                                AND m.since = %s AND m.state NOT IN ('waiting', 'sending')))"""


@dataclass(frozen=True)
class Standing:
    """How many receivers there are, and how many of them wait for the report of the week."""

    receivers: int
    waiting: int


def newest_week(complete_to: datetime) -> date:
    """The Monday of the newest week, Monday to Sunday (UTC), that the marts have whole."""
    day = complete_to.date()
    return day - timedelta(days=day.weekday()) - WEEK


def standing(connection: Postgres, week: date) -> Standing:
    """Of all projects; the report of `week`."""
    ((receivers, waiting),) = connection.execute(STANDING, (week,)).fetchall()
    return Standing(receivers, waiting)


def queue(connection: Postgres, week: date, *, again: bool = False) -> None:
    """A message for each receiver who has none of that week; `again`: also what failed."""
    connection.execute(DROP)
    connection.execute(QUEUE, (week,))
    if again:
        connection.execute(AGAIN, (week,))


def problems(connection: Postgres, week: date) -> list[str]:
    """A line for each message that did not arrive, with what to do."""
    rows = connection.execute(
        "SELECT p.slug, m.channel->>'to', m.state, m.error FROM ops.report_messages m"
        " JOIN gosight.projects p ON p.id = m.project_id"
        " WHERE m.since = %s AND m.state IN ('waiting', 'failed') ORDER BY 1, 2",
        (week,),
    ).fetchall()
    then = {"failed": "`hxi report --mail` tries again", "waiting": "it is tried again"}
    return [
        f"report of {slug}, week of {week}, to {to}: {error or 'not tried yet'}; {then[state]}"
        for slug, to, state, error in rows
    ]
