"""Random histories of the warehouse: what lands, is erased or set, which runs die and where."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice
from random import Random
from uuid import UUID

import dagster as dg
from gosight.events_pb2 import Event, EventType

from ingest.decode.checks import fault_of
from ingest.formats.visitors import visitor_session
from orchestration.definitions import defs
from orchestration.run.refresh import refresh
from simulate.generate import generate
from simulate.plan import Plan
from tests.e2e import whatever_fits
from tests.e2e.landing_path import LandingPath
from tests.e2e.scheduler import Ran, Scheduler, at_a_steps_end, documents_failing, stopping
from tests.unit.ingest_formats.sdk_traffic import visits

# Visits over two days that end with February, so that days move over a month's end too.
END = datetime(2024, 3, 1, tzinfo=UTC)
HOUR_MS = 3_600_000
SESSIONS_OF_A_PROJECT = 3
ODD_EVENTS = 6
SDK_VISITS = 1
# The share of bots, of sessions that last days, and of each other kind.
DIRTY = 0.3
SKEWS_MS = (0, 0, 20 * HOUR_MS, -26 * HOUR_MS)
IDENTITIES = 5
# An index insert, a rows insert, a ledger insert and a few more: a landing makes about six writes.
LANDING_WRITES = 6
# What a project may have set: one for each way in which settings reach rows.
OVERRIDES: tuple[dict[str, object], ...] = (
    {},
    {"rage_click.profile": "strict", "heatmap_grid_px": 50, "weights.api_5xx": 20},
    {"paths.id_rules": [r"\d+"], "behaviour_states.enabled": False},
    {"bots.counted": True, "paths.hash_routes": False},
    {"sessions.dimensions": ["plan", "country_code"]},
)
# Fewer than a run has: it stops somewhere.
STEPS = 12
Override = Callable[[str, dict[str, object]], None]
"""Stores what a project has set: all of it, by name."""


@dataclass
class ProjectHistory:
    """One project: events that have yet to arrive, and those that have."""

    id: str
    random: Random
    waiting: list[Event] = field(default_factory=list)
    arrived: list[Event] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        plan = Plan(SESSIONS_OF_A_PROJECT, 2, self.random.randrange(10**6), END, dirty=DIRTY)
        self.waiting = [event for batch in generate(plan) for event in batch.events]
        self._make_a_visitor_of(self.waiting[0].session_id)
        self.waiting += [self._moved(event) for event in self.random.sample(self.waiting, 4)]
        self.waiting += self._odd(ODD_EVENTS)
        self.waiting += self._told_by_sdks()
        self.waiting += [self._identified(number) for number in range(IDENTITIES)]
        self.random.shuffle(self.waiting)

    def next_batch(self) -> list[Event]:
        """Some of what waits, in no order, and copies of what has arrived."""
        size = self.random.choice((0, 3, 20, len(self.waiting)))
        batch, self.waiting = self.waiting[:size], self.waiting[size:]
        copies = self.random.sample(
            self.arrived, min(len(self.arrived), self.random.choice((0, 5)))
        )
        self.arrived += batch
        return batch + copies

    def session_to_erase(self) -> str | None:
        """One that has events, or none."""
        known = sorted({event.session_id for event in self.arrived} - self.erased)
        if not known:
            return None
        self.erased.add(chosen := self.random.choice(known))
        return chosen

    def _odd(self, count: int) -> list[Event]:
        """Events with values that are seldom thought of, as the door lets them in."""
        end = int(END.timestamp() * 1000)
        drawn = (whatever_fits.event(self.random, end) for _ in range(2 * count))
        return [event for event in drawn if not fault_of(event, end, backfill=True)][:count]

    def _told_by_sdks(self) -> list[Event]:
        """A visit as one of the SDKs tells it, whose requests the door reads."""
        begins = int(END.timestamp() * 1000) - 12 * HOUR_MS
        calls = visits(self.random, begins, SDK_VISITS)
        return [event for call in calls for event in call.events()]

    def _make_a_visitor_of(self, session_id: str) -> None:
        """As an SDK tells it that names no session; sent to be cut by silence."""
        for event in self.waiting:
            if event.session_id == session_id:
                event.session_id = visitor_session("segment", session_id, event.timestamp.millis)

    def _identified(self, number: int) -> Event:
        """Of one user in any session: traits told again, in any order, within hours."""
        event = self._moved(self.random.choice(self.waiting))
        event.ClearField("payload")
        event.event_type = EventType.EVENT_TYPE_IDENTIFY
        event.user_id = event.identify.user_id = "one of all"
        traits = {"email": f"{number}@shop.test", f"trait {number % 2}": str(number)}
        event.identify.traits.update(traits)
        event.custom.update({"plan": str(number)})
        return event

    def _moved(self, event: Event) -> Event:
        """Another event of that session, up to two days before or after it."""
        copy = Event()
        copy.CopyFrom(event)
        copy.event_id = str(UUID(int=self.random.getrandbits(128), version=4))
        copy.timestamp.millis += self.random.randint(-48, 48) * HOUR_MS
        return copy


@dataclass
class History:
    """Histories of several projects that share their runs; `steps` tells what happened."""

    path: LandingPath
    random: Random
    projects: list[ProjectHistory]
    steps: list[str] = field(default_factory=list)
    seed: int = 0
    skews_ms: tuple[int, ...] = SKEWS_MS
    override: Override | None = None
    end_lease: Callable[[], object] | None = None
    scheduler: Scheduler = field(default_factory=lambda: Scheduler(dg.DagsterInstance.ephemeral()))

    def play(self, runs: int) -> None:
        """`runs` times what a scheduler does, landings and erasures before each; a whole run.

        A seed and the next play other kinds, so that two of them play all.
        """
        kinds = [self._run_that_dies, self._run_again, self._run_some]
        kinds += [self._build_day, self._run_two, self._run]
        Random(self.seed // 2).shuffle(kinds)
        for act in islice(cycle(kinds), self.seed * runs, (self.seed + 1) * runs):
            self._land()
            self._erase()
            self._set()
            act()
        self._land_the_rest()
        self._run()

    def _land(self) -> None:
        for project in self.projects:
            if batch := project.next_batch():
                self.path.accept(project.id, batch, self.random.choice(self.skews_ms))
        dies_after = self.random.choice((None, self.random.randrange(LANDING_WRITES)))
        landed = self.path.land(dies_after=dies_after)
        self.steps.append(f"land, dies after {dies_after} writes: {not landed}")

    def _erase(self) -> None:
        project = self.random.choice(self.projects)
        if self.random.random() < 0.5 and (session := project.session_to_erase()):
            dies_after = self.random.choice((None, self.random.randrange(3)))
            self.path.erase((project.id, session), dies_after=dies_after)
            self.steps.append(f"erase {session}, dies after {dies_after} writes")

    def _set(self) -> None:
        if self.override is None:
            return
        project, values = self.random.choice(self.projects), self.random.choice(OVERRIDES)
        self.override(project.id, values)
        self.steps.append(f"set {values} of {project.id}")

    def _land_the_rest(self) -> None:
        for project in self.projects:
            if project.waiting:
                project.arrived += project.waiting
                self.path.accept(project.id, project.waiting)
                project.waiting = []
        self.path.finish()
        self.steps.append("land the rest")

    def _run(self) -> None:
        refresh()
        self.steps.append("run")

    def _run_that_dies(self) -> None:
        """A run that stops, left to the next one."""
        self._stopped_run()

    def _run_again(self) -> None:
        """A run that stops, and is executed again: from there or whole, perhaps twice."""
        stopped = self._stopped_run()
        for _ in range(self.random.choice((1, 2))):
            self._land()
            from_failure = self.random.random() < 0.7
            ran = self.scheduler.again(stopped, from_failure=from_failure)
            self.steps.append(f"again, from failure: {from_failure}: {ran.error or 'done'}")

    def _run_some(self) -> None:
        """A few clicks: one asset, its group, what it reads or what reads it, or all there is."""
        graph = defs.resolve_asset_graph()
        for _ in range(self.random.choice((1, 2))):
            key = self.random.choice(sorted(graph.executable_asset_keys))
            one = dg.AssetSelection.assets(key)
            selection = self.random.choice(
                (one, one.upstream(), one.downstream(), dg.AssetSelection.all())
            )
            ran = self.scheduler.materialise(selection.required_multi_asset_neighbors())
            self.steps.append(f"materialise {selection}: {ran.error or 'done'}")

    def _build_day(self) -> None:
        """A partition of a backfill."""
        self.steps.append(f"backfill: {self._day_again().error or 'done'}")

    def _day_again(self) -> Ran:
        return self.scheduler.build_day("2024-02-28")

    def _run_two(self) -> None:
        """A second run in the middle of one that slept past its lease and wakes when it is over."""
        other = self.random.choice((self.scheduler.refresh, self._day_again))

        def run_too(step: str) -> None:
            self._land()
            assert self.end_lease is not None, "the other would wait for it"
            self.end_lease()
            self.steps.append(f"a second run in {step}: {other().error or 'done'}")

        with at_a_steps_end(run_too, after=self.random.randrange(STEPS)):
            first = self.scheduler.refresh()
        self.steps.append(f"of two, the first: {first.error or 'done'}")

    def _stopped_run(self) -> Ran:
        after = self.random.randrange(STEPS)
        stop = documents_failing() if after > STEPS - 3 else stopping(after=after)
        with stop:
            ran = self.scheduler.refresh()
        self.steps.append(f"run that stops after {after} steps: {ran.error or 'it did not'}")
        return ran


def history(
    path: LandingPath,
    seed: int,
    projects: list[str],
    override: Override,
    end_lease: Callable[[], object],
) -> History:
    """The same seed gives the same events and steps; ids of projects differ."""
    of_projects = [
        ProjectHistory(name, Random(f"{seed} {number}")) for number, name in enumerate(projects)
    ]
    return History(
        path, Random(seed), of_projects, seed=seed, override=override, end_lease=end_lease
    )
