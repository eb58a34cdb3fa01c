"""How long rows are kept, and what that means on a given day."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta

from orchestration.retention.storage import Storage

VARIABLE = "HXI_RETENTION_{}_DAYS"


class LimitError(Exception):
    """A variable holds no number of days, or `as_of` no time; says which."""


@dataclass(frozen=True)
class Limits:
    """Days. Day-grain marts are kept for ever.

    `raw` and `replay` count from landing, so that a backfill of old data is kept as long as new
    data; `marts` counts from the day of the session. Defaults: docs/retention.md.
    """

    raw: float = 90
    replay: float = 7
    marts: float = 365

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Limits":
        """HXI_RETENTION_RAW_DAYS, …_REPLAY_DAYS and …_MARTS_DAYS; LimitError for no number."""
        given = {field.name: environment.get(_variable(field.name), "") for field in fields(cls)}
        return cls(**{name: _days(name, text) for name, text in given.items() if text})

    def of(self, storage: Storage) -> "Limits":
        """With what a project sets for itself."""
        return replace(self, **storage.days)

    def at(self, as_of: datetime) -> "CutOffs":
        """What is too old at that time, which has a zone."""
        moment = as_of.astimezone(UTC)
        return CutOffs(
            as_of=moment,
            raw_before=moment - timedelta(days=self.raw),
            replay_before=moment - timedelta(days=self.replay),
            marts_before=(moment - timedelta(days=self.marts)).date(),
            limits=self,
        )


@dataclass(frozen=True)
class CutOffs:
    """What is strictly before one of these leaves; times have a zone."""

    as_of: datetime
    raw_before: datetime
    replay_before: datetime
    marts_before: date
    limits: Limits | None = None  # what they follow from; None: nothing that projects may change
    projects: "Mapping[str, CutOffs]" = field(default_factory=dict)  # of those with their own
    moves_replays: bool = False

    def with_projects(self, storages: Mapping[str, Storage]) -> "CutOffs":
        """Also those of projects that set their own, counted from the same time."""
        own = {
            project_id: replace(
                self.limits.of(one).at(self.as_of) if self.limits else self,
                moves_replays=one.moves_replays,
            )
            for project_id, one in storages.items()
        }
        return replace(self, projects=own)


def moment_of(text: str) -> datetime:
    """ISO 8601, UTC unless it names a zone; '' is now. LimitError when it is none."""
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise LimitError(f"{text!r} is no time: write it as 2026-01-31 or with T12:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _variable(name: str) -> str:
    return VARIABLE.format(name.upper())


def _days(name: str, text: str) -> float:
    try:
        days = float(text)
    except ValueError as error:
        raise LimitError(f"{_variable(name)}={text!r} is no number of days") from error
    if not 0 <= days <= 36_500:
        raise LimitError(f"{_variable(name)}={text} is not between 0 and 36500 days")
    return days
