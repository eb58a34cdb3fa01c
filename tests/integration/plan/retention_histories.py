"""Random histories with expiries, and what the marts must hold where some of it came too late."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from orchestration.retention.limits import CutOffs
from tests.integration.plan.own_databases import CrashError, Parameters
from tests.integration.plan.plan_histories import (
    HOURS,
    START,
    History,
    Key,
    NotExactError,
    may_tear,
)
from tests.integration.plan.toy_warehouse import (
    Event,
    Marts,
    Scheme,
    full_recomputation,
    landing_time,
)

# An expiry makes about this many writes.
EXPIRY_WRITES = 9
DAYS = HOURS // 24 + 1


@dataclass
class RetentionHistory(History):
    """Which days were closed, and the landing after which: the rest is found in the records."""

    closed_after: dict[tuple[str, date], int] = field(default_factory=dict)
    # Day-grain rows of closed days, as they were to be when they were closed.
    kept: dict[tuple[str, date], tuple[Any, ...]] = field(default_factory=dict)

    def moves(self) -> list[tuple[Callable[[], None], int]]:
        """Expiries among all that may happen without them."""
        moves = [(move, 1 if move == self.erase else often) for move, often in super().moves()]
        return [*moves, (self.expire, 5), (self.expiry_that_dies, 4)]

    def expire(self) -> None:
        """At a random time: what landed before, and days before another."""
        cut_offs = self._cut_offs()
        self.steps.append(f"expire {cut_offs.raw_before:%H:%M:%S}, {cut_offs.marts_before}")
        self.warehouse.expire(cut_offs)
        self.note()
        if not self.owed:
            self.check_records()

    def expiry_that_dies(self) -> None:
        """Before some write, or in the middle of one."""
        cut_offs = self._cut_offs()
        last, torn = self.random.randrange(EXPIRY_WRITES), self.random.random() < 0.5

        def before_write(number: int, statement: str, parameters: Parameters | None) -> None:
            if number == last:
                if torn and may_tear(statement):
                    self.warehouse.db.run(f"{statement} LIMIT 1", parameters)
                raise CrashError

        self.steps.append(
            f"expire {cut_offs.raw_before:%H:%M:%S}, {cut_offs.marts_before},"
            f" dies at write {last}, torn {torn}"
        )
        try:
            with self.warehouse.db.watched(before_write):
                self.warehouse.expire(cut_offs)
        except CrashError:
            return

    def expected(self) -> Marts:
        """As without retention, but for what came too late, and for what left the marts."""
        on_time = self._on_time()
        whole = full_recomputation(on_time, self._rule_of())
        gone = set(self._keys("ops.expired_marts"))
        return Marts(
            [row for row in whole.events if row[:2] not in gone],
            [row for row in whole.sessions if row[:2] not in gone],
            sorted(
                [row for row in whole.daily if row[:2] not in self.kept] + [*self.kept.values()]
            ),
        )

    def check_records(self) -> None:
        """NotExactError unless what is counted as expired and late is what went and came late."""
        there = self._by_session(
            "SELECT project_id, session_id, uniqExact(event_id) FROM raw.events"
        )
        gone = self._by_session("SELECT project_id, session_id, sum(rows) FROM ops.expired")
        late = self._by_session(
            "SELECT project_id, session_id, sum(rows) FROM ops.late_beyond_retention"
        )
        on_time = self._on_time()
        for key in {event.key for event in self.landed}:
            landed = [event for event in self.landed if event.key == key]
            in_time = sum(event in on_time for event in landed)
            counted = there.get(key, 0) + gone.get(key, 0)
            found = (counted, late.get(key, 0))
            if found != (len(landed), len(landed) - in_time):
                raise NotExactError(f"{self.steps}: {key}: {found} counted, late of {len(landed)}")

    def _some_event(self) -> Event:
        event = super()._some_event()
        # A copy of what has expired is a new event to the stores.
        return event if event.key not in self._sealed() else self._new_event()

    def _cut_offs(self) -> CutOffs:
        landed = landing_time(self.random.randint(0, self.tick + 1))
        day = (START + timedelta(days=self.random.randrange(DAYS + 1))).date()
        return CutOffs(landed, landed, landed, day)

    def note(self) -> None:
        """What a closed day must hold is what it had to hold the moment it was closed.

        An expiry closes days, and so does a run that finishes one that died.
        """
        new = set(self._keys("ops.closed_days", "day")) - self.closed_after.keys()
        expected = {row[:2]: row for row in self.expected().daily}
        for day in new:
            self.kept[day] = expected[day]
            self.closed_after[day] = self.tick

    def _on_time(self) -> set[Event]:
        """Events that had landed before their session was sealed and their day closed."""
        sealed = self._sealed()
        return {
            event
            for event in self.landed
            if self.landed_at[event] <= sealed.get(event.key, self.tick)
            and self.landed_at[event]
            <= self.closed_after.get((event.project, event.timestamp.date()), self.tick)
        }

    def _sealed(self) -> dict[Key, int]:
        """The landing that each was built through."""
        rows = self.warehouse.db.query(
            "SELECT project_id, session_id, landed_through FROM ops.sealed_sessions"
        ).result_rows
        zero = landing_time(0).replace(tzinfo=None)
        return {
            (project, session): int((through.replace(tzinfo=None) - zero).total_seconds())
            for project, session, through in rows
        }

    def _rule_of(self) -> Callable[[Event], str]:
        """A sealed session keeps the rules it was built by."""
        sealed = self._sealed()
        built = {
            (project, session): rule
            for project, session, rule in self.warehouse.db.query(
                "SELECT project_id, session_id, argMax(settings_hash, plan_id) FROM ops.done"
                " GROUP BY project_id, session_id"
            ).result_rows
        }
        return lambda event: built[event.key] if event.key in sealed else self.rules[event.project]

    def _keys(self, table: str, column: str = "session_id") -> list[tuple[str, Any]]:
        rows = self.warehouse.db.query(f"SELECT project_id, {column} FROM {table}").result_rows
        return [(project, key) for project, key in rows]

    def _by_session(self, query: str) -> dict[Key, int]:
        rows = self.warehouse.db.query(f"{query} GROUP BY project_id, session_id").result_rows
        return {(project, session): count for project, session, count in rows}


# Each with the history that is played first, which shows it.
RETENTION_MISTAKES = (
    (Scheme(leaves_sealed=False), 1),
    (Scheme(finishes=False), 22),
    (Scheme(keeps_busy_days=False), 0),
)
