"""Random histories of the real warehouse with expiries, and what of them came in time."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client
from gosight.events_pb2 import EVENT_TYPE_REPLAY, Event

from orchestration.retention.expiry import expire_now
from orchestration.retention.limits import CutOffs
from tests.e2e.exact_histories import END, History

Key = tuple[str, str]
# Days around those that visits are on; moved events are up to two days away.
DAYS_BEFORE_END = 6


@dataclass
class RetentionHistory(History):
    """`step` counts landings and expiries; each event, session and day knows its own."""

    clickhouse: Client = field(kw_only=True)
    # What came in time is landed again in one batch, which has one skew.
    skews_ms: tuple[int, ...] = (0,)
    step: int = 0
    unlanded: list[tuple[str, Event]] = field(default_factory=list)
    landed: dict[tuple[str, str], tuple[int, Event]] = field(default_factory=dict)
    sealed: dict[Key, int] = field(default_factory=dict)
    unrecorded: dict[Key, int] = field(default_factory=dict)
    closed: dict[tuple[str, date], int] = field(default_factory=dict)
    moments: list[datetime] = field(default_factory=list)

    def play(self, runs: int) -> None:
        """Landings, an expiry and a run that may die, `runs` times; then a whole run."""
        for _ in range(runs):
            self._land()
            self._erase()
            self.random.choice((self._run_that_dies, self._run, self._run))()
            self._expire()
        self._land_the_rest()
        self._run()
        self._note()

    def on_time(self) -> dict[str, list[Event]]:
        """Events by project that landed before their session was sealed and their day closed."""
        kept: dict[str, list[Event]] = defaultdict(list)
        erased = {(one.id, session) for one in self.projects for session in one.erased}
        for (project, _), (step, event) in self.landed.items():
            key = (project, event.session_id)
            day = datetime.fromtimestamp(event.timestamp.millis / 1000, UTC).date()
            ends = [self.sealed.get(key, step)]
            if event.event_type == EVENT_TYPE_REPLAY:
                ends.append(self.unrecorded.get(key, step))
            else:
                ends.append(self.closed.get((project, day), step))
            if step <= min(ends) and key not in erased:
                kept[project].append(event)
        return kept

    def _land(self) -> None:
        waiting = {project.id: list(project.waiting) for project in self.projects}
        super()._land()
        for project in self.projects:
            here = {event.event_id for event in project.waiting}
            self.unlanded += [
                (project.id, event) for event in waiting[project.id] if event.event_id not in here
            ]
        self._landed()

    def _land_the_rest(self) -> None:
        for project in self.projects:
            self.unlanded += [(project.id, event) for event in project.waiting]
        super()._land_the_rest()
        self._landed()

    def _landed(self) -> None:
        """A landing that died is none yet: a session it belongs to is not sealed before it ends."""
        self.step += 1
        if not self.path.spooled:
            for project, event in self.unlanded:
                self.landed.setdefault((project, event.event_id), (self.step, event))
            self.unlanded = []
        ((now,),) = self.clickhouse.query("SELECT toString(now64(3, 'UTC'))").result_rows
        self.moments.append(datetime.fromisoformat(f"{now}+00:00"))

    def _expire(self) -> None:
        raw, replay = (self.random.choice(self.moments) for _ in range(2))
        marts = (END - timedelta(days=self.random.randint(-1, DAYS_BEFORE_END))).date()
        gone = expire_now(CutOffs(self.moments[-1], raw, replay, marts))
        self.steps.append(f"expire {raw}, {replay}, {marts}: {gone}")
        self._note()

    def _run(self) -> None:
        super()._run()
        self._note()

    def _note(self) -> None:
        """What a run or an expiry has decided since."""
        for project, session, reason in self._rows("session_id, reason FROM ops.sealed_sessions"):
            self.sealed.setdefault(
                (project, str(session)), self.step if reason == "raw_expired" else 0
            )
        for project, session in self._rows("session_id FROM ops.expired_replays"):
            self.unrecorded.setdefault((project, str(session)), self.step)
        for project, day in self._rows("day FROM ops.closed_days"):
            self.closed.setdefault((project, day), self.step)

    def _rows(self, columns_and_table: str) -> list[tuple[Any, ...]]:
        query = f"SELECT project_id, {columns_and_table}"
        return [tuple(row) for row in self.clickhouse.query(query).result_rows]
