"""The part of all sessions that a run compares: what it wrote, and now and then some others.

Comparing everything takes as long as reading everything. So each run compares its plan, and the
first to end in each TURN_S a slice of the others; SLICES of them are every session. A plan of MUCH
of all sessions, or few sessions in all, are reason to compare everything at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from clickhouse_connect.driver.client import Client

from orchestration.publish.landing import SERVED, Source
from orchestration.stores.clients import integer

# With 39,000 sessions a sixteenth takes 1.5 s, most of it in MongoDB. A prime, so that runs an hour
# or a day apart come to each.
SLICES = 61
TURN_S = 20 * 60
# A plan of one session in so many.
MUCH = 16
# So many sessions, some 100,000 events, are compared whole within a second.
FEW_SESSIONS = 5_000


class Part(Protocol):
    """Conditions on project_id and session_id, equal in both engines."""

    def of_marts(self, source: Source) -> str:
        """For ClickHouse."""

    def of_served(self, session_type: str) -> str:
        """For PostgreSQL; `session_type` is that of session_id: uuid or text."""


class Everything:
    """All sessions."""

    def of_marts(self, source: Source) -> str:  # noqa: ARG002 - Part's
        """No condition."""
        return "1"

    def of_served(self, session_type: str) -> str:  # noqa: ARG002 - Part's
        """No condition."""
        return "true"


class Landed:
    """The sessions that the run's plan names and landing holds."""

    def of_marts(self, source: Source) -> str:
        """By the plan."""
        return f"(project_id, session_id) IN (SELECT project_id, session_id FROM {source.plan})"

    def of_served(self, session_type: str) -> str:
        """By the copy of the plan."""
        planned = f"SELECT project_id, session_id::{session_type} FROM landing.planned_sessions"
        return f"(project_id, session_id) IN ({planned})"


@dataclass(frozen=True)
class Named:
    """The sessions of a query at ClickHouse; `ids` are the same by project."""

    sessions: str
    ids: Mapping[str, Sequence[str]]

    def of_marts(self, source: Source) -> str:  # noqa: ARG002 - Part's
        """By the query."""
        return f"(project_id, session_id) IN ({self.sessions})"

    def of_served(self, session_type: str) -> str:
        """By their ids, which PostgreSQL looks up in the tables' keys."""
        named = " UNION ALL ".join(
            f"SELECT '{project}'::uuid, unnest('{{{','.join(ids)}}}'::{session_type}[])"
            for project, ids in self.ids.items()
        )
        return f"(project_id, session_id) IN ({named})" if named else "false"


@dataclass(frozen=True)
class Slice:
    """Sessions from `first` up to before `end`, (project, session) each; None is without limit.

    In the order of PostgreSQL and of text; ClickHouse orders UUIDs by their second half.
    """

    first: tuple[str, str] | None
    end: tuple[str, str] | None

    def of_marts(self, source: Source) -> str:  # noqa: ARG002 - Part's
        """By the bytes of the UUID, in their order."""
        return self._between("(project_id, UUIDToNum(session_id))", "('{}', UUIDStringToNum('{}'))")

    def of_served(self, session_type: str) -> str:
        """By the tables' keys, which begin with project and session."""
        return self._between("(project_id, session_id)", f"('{{}}'::uuid, '{{}}'::{session_type})")

    def _between(self, key: str, limit: str) -> str:
        first = f"{key} >= {limit.format(*self.first)}" if self.first else ""
        end = f"{key} < {limit.format(*self.end)}" if self.end else ""
        return " AND ".join(filter(None, (first, end)))


EVERYTHING = Everything()
LANDED = Landed()


def next_slice(last_ms: int, now_s: float) -> int | None:
    """The slice whose turn it is, None where it was when a run last compared; the epoch's times."""
    last, now = (int(at) // TURN_S for at in (last_ms / 1000, now_s))
    return None if last == now else now % SLICES


def due(
    client: Client, planned: int, turn: Callable[[], int | None], source: Source = SERVED
) -> tuple[Part, ...]:
    """What a run that planned so many sessions compares; `turn` names a slice, or none."""
    sessions = _count(client, source)
    if sessions <= max(FEW_SESSIONS, planned * MUCH):
        return (EVERYTHING,)
    number = turn()
    others = () if number is None else (slice_of(client, number, source),)
    return ((LANDED,) if planned else ()) + others


def slice_of(client: Client, number: int, source: Source) -> Slice:
    """Slice `number` of 0 to SLICES - 1: as many of the marts' sessions as each other."""
    sessions = _count(client, source)
    first, end = (
        _session(client, source, sessions * index // SLICES) if 0 < index < SLICES else None
        for index in (number, number + 1)
    )
    return Slice(first, end)


def _count(client: Client, source: Source) -> int:
    return integer(client, f"SELECT count() FROM {source.marts}.sessions")


def _session(client: Client, source: Source, rank: int) -> tuple[str, str]:
    ((project, session),) = client.query(
        f"SELECT project_id, toString(session_id) FROM {source.marts}.sessions"
        f" ORDER BY project_id, UUIDToNum(session_id) LIMIT 1 OFFSET {rank}"
    ).result_rows
    return str(UUID(project)), str(UUID(session))
