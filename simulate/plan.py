"""What to simulate: the whole input of the generator, from which its output follows."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hxi.admin.errors import UserError

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
LONGEST_SESSION_MS = 2 * HOUR_MS  # visits stop here, so that a start this early ends in time


class PlanError(UserError):
    """The plan asks for something that cannot be simulated."""

    exit_code = 2


def last_midnight(now: datetime | None = None) -> datetime:
    """The start of the current UTC day: the default end, so that nothing lies in the future."""
    return (now or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Plan:
    """`sessions` visits over the `days` days before `end` (exclusive), drawn from `seed`.

    A share of them, `recorded`, has a session replay; `dirty` is the share of bots, of sessions
    that last over a day, and of the chances for a little dirt. Equal plans give equal bytes; moving
    `end` by whole days moves the times and nothing else; another share of `recorded` changes no
    event but replay.
    More than 29 days reach past the age that ingest accepts without backfill.
    """

    sessions: int
    days: int = 7
    seed: int = 1
    end: datetime = field(default_factory=last_midnight)
    recorded: float = 0.1
    dirty: float = 0.02

    def __post_init__(self) -> None:
        if self.sessions < 1 or self.days < 1:
            raise PlanError("a plan needs at least one session and one day")
        if not 0 <= self.recorded <= 1:
            raise PlanError("the share of recorded sessions lies between 0 and 1")
        if not 0 <= self.dirty <= 1:
            raise PlanError("the share of dirt lies between 0 and 1")
        if self.end.tzinfo is None:
            raise PlanError("the end of a plan needs a time zone, e.g. 2026-01-31T00:00:00Z")

    @property
    def end_ms(self) -> int:
        return (self.end - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    @property
    def start_ms(self) -> int:
        return self.end_ms - self.days * DAY_MS
