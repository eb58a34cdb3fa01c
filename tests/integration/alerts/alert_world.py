"""A project with a table of its own, its rules, and who is told."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.alerts import rules
from orchestration.alerts.evaluation import Evaluated, evaluate
from orchestration.alerts.outbox import AlertMessages, Sent, send_due
from orchestration.alerts.senders import Senders
from tests.integration.alerts.receivers import Receiver

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Postgres = psycopg.Connection[Any]


class DiedError(BaseException):
    """As a kill ends it: nothing catches it."""


class DyingCursor(psycopg.Cursor[Any]):
    """Ends the process in front of a statement; `left` more are sent before."""

    left = 0

    def execute(self, *arguments: Any, **options: Any) -> Any:
        if DyingCursor.left == 0:
            raise DiedError
        DyingCursor.left -= 1
        return super().execute(*arguments, **options)


@dataclass
class World:
    """One project whose sessions are rows of a table that stands for the mart."""

    dsn: str
    clickhouse: Client
    postgres: Postgres
    project: str
    hook: Receiver
    senders: Senders

    def rule(self, *channels: dict[str, Any], **change: Any) -> str:
        condition = {"metric": "sessions", "operator": ">", "threshold": 2, "window": "1h"}
        found = rules.add(
            self.postgres,
            self.project,
            f"rule {uuid4().hex}",
            change.pop("kind", "threshold"),
            {**condition, **change},
            list(channels),
            0,
        )
        self.postgres.execute("UPDATE gosight.alert_rules SET created_at = %s", (NOON - 9 * HOUR,))
        return found

    def sessions(self, hour: int, count: int, path: str = "/") -> None:
        rows = [[self.project, NOON + hour * HOUR, path, False] for _ in range(count)]
        names = ["project_id", "started_at", "entry_path", "is_excluded"]
        self.clickhouse.insert("alerts_test.sessions", rows, column_names=names)

    def judge(self, connection: Postgres | None = None, hour: int = 5) -> Evaluated:
        return evaluate(self.clickhouse, connection or self.postgres, NOON + hour * HOUR)

    def send(self, connection: Postgres | None = None) -> Sent:
        """Also what waits for its next attempt, or for its dead sender's time to be over."""
        self.postgres.execute(
            "UPDATE ops.alert_messages SET next_attempt_at = now(),"
            " claimed_until = claimed_until - interval '1 hour'"
        )
        return send_due(connection or self.postgres, self.senders, AlertMessages())

    def history(self, rule: str) -> list[tuple[Any, ...]]:
        """Start and end in hours from NOON, group, value, whether resolved, whether corrected."""
        rows = self.postgres.execute(
            "SELECT context->>'start', context->>'end', context->'group', metric_value,"
            " resolved_at IS NOT NULL, context ? 'corrected'"
            " FROM gosight.alert_history WHERE rule_id = %s ORDER BY 1, 3",
            (rule,),
        ).fetchall()
        return [(_hour(start), _hour(end), *rest) for start, end, *rest in rows]


def _hour(moment: str) -> int:
    return (datetime.fromisoformat(moment) - NOON) // HOUR
