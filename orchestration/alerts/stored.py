"""Rules as people manage them: also those that are muted, off or cannot be judged."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from orchestration.alerts.channels import channels_of
from orchestration.alerts.conditions import RuleError, condition_of

Postgres = psycopg.Connection[Any]

STORED = """
    SELECT r.id::text, r.name, p.name AS project, r.condition_type::text AS kind, r.condition,
           r.channels, r.last_triggered,
           CASE WHEN NOT r.is_active THEN 'off'
                WHEN r.muted_until > now() THEN 'muted'
                WHEN EXISTS (SELECT 1 FROM gosight.alert_history h
                             WHERE h.rule_id = r.id AND h.resolved_at IS NULL) THEN 'alarming'
                ELSE 'quiet' END AS state,
           (SELECT m.state || ': ' || m.error FROM ops.alert_messages m
            JOIN gosight.alert_history h ON h.id = m.history_id
            WHERE h.rule_id = r.id AND m.error IS NOT NULL
            ORDER BY h.triggered_at DESC LIMIT 1) AS message_problem
    FROM gosight.alert_rules r JOIN gosight.projects p ON p.id = r.project_id
    ORDER BY p.name, r.name, r.id"""


@dataclass(frozen=True)
class StoredRule:
    """`state`: off, muted, alarming or quiet; `message_problem`: of the newest that had one."""

    id: str
    name: str
    project: str
    kind: str
    condition: Any
    channels: list[dict[str, Any]]
    last_triggered: datetime | None
    state: str
    message_problem: str | None

    @property
    def problem(self) -> str:
        """Why it cannot be judged; '' when it can."""
        try:
            condition_of(self.kind, self.condition)
            channels_of(self.channels)
        except RuleError as error:
            return f"cannot be judged: {error}"
        return ""

    def shown(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "problem": self.problem}


def stored_rules(connection: Postgres) -> list[StoredRule]:
    """All, by project and name."""
    with connection.cursor(row_factory=class_row(StoredRule)) as cursor:
        return cursor.execute(STORED).fetchall()


def find(connection: Postgres, name: str) -> StoredRule:
    """By name or id; LookupError when none or several have it."""
    found = [one for one in stored_rules(connection) if name in (one.id, one.name)]
    if len(found) == 1:
        return found[0]
    what = "several rules have" if found else "no rule has"
    raise LookupError(f"{what} the name or id {name!r}: see `hxi alert list`")


def mute_until(connection: Postgres, rule_id: str, until: datetime) -> None:
    """History goes on; messages do not."""
    connection.execute(
        "UPDATE gosight.alert_rules SET muted_until = %s, updated_at = now() WHERE id = %s",
        (until, rule_id),
    )


def remove_rule(connection: Postgres, rule_id: str) -> None:
    """With its history and messages."""
    connection.execute("DELETE FROM gosight.alert_rules WHERE id = %s", (rule_id,))
