"""Random histories of batches, duplicates, crashes and erasures end in exact tables."""

from dataclasses import dataclass, field

from gosight.events_pb2 import Event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.sinks.interface import Session
from ingest.spooled import SpooledBatch
from tests.unit.ingest_landing.landing_batches import batch_of, event, named, poison, replay
from tests.unit.ingest_landing.landing_crashes import Crash, CrashError
from tests.unit.ingest_landing.store_doubles import Stores

PROJECTS = ("one", "two")
SESSIONS = ("s", "t", "u")


def make(kind: str, name: int, session: str) -> Event:
    """One name is always one event, whatever batch it is in."""
    text = f"{kind} {name} {session}"
    if kind == "poison":
        return poison(text, session)
    if kind == "replay":
        return replay(text, session)
    return event(text, session, kind)


EVENTS = st.builds(
    make,
    st.sampled_from(["click", "session_start", "identify", "replay", "poison"]),
    st.integers(0, 2),
    st.sampled_from(SESSIONS),
)
BATCHES = st.tuples(
    st.sampled_from(PROJECTS), st.lists(EVENTS, max_size=6), st.lists(EVENTS, max_size=1)
)
# When to crash; beyond the last call there is no crash.
CRASHES = st.tuples(st.integers(1, 14), st.booleans())
STEPS = st.one_of(
    st.tuples(st.just("land"), st.integers(0, 5), st.integers(1, 3), CRASHES),
    st.tuples(st.just("erase"), st.sampled_from(PROJECTS), st.sampled_from(SESSIONS), CRASHES),
    st.tuples(st.just("look")),
)


@dataclass
class History:
    """`looks` are what a run saw: each session's index and the rows it read after that."""

    stores: Stores = field(default_factory=Stores)
    spooled: list[SpooledBatch] = field(default_factory=list)
    erasing: set[Session] = field(default_factory=set)
    looks: list[dict[Session, tuple[int, frozenset[str]]]] = field(default_factory=list)

    def land(self, first: int, count: int, crash: Crash | None) -> None:
        some = self.spooled[first : first + count]
        try:
            self.stores.land(*some, watched=crash)
        except CrashError:
            return
        self.spooled = [batch for batch in self.spooled if batch not in some]

    def erase(self, session: Session, crash: Crash | None) -> None:
        self.erasing.add(session)
        try:
            self.stores.erase(session, watched=crash)
        except CrashError:
            return
        self.erasing.discard(session)

    def look(self) -> None:
        index = self.stores.index()
        sessions = [(project, named(session)) for project in PROJECTS for session in SESSIONS]
        self.looks.append(
            {session: (index[session], self.stores.events_of(session)) for session in sessions}
        )

    def finish(self) -> None:
        for session in sorted(self.erasing):
            self.erase(session, None)
        self.land(0, len(self.spooled), None)
        self.look()


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(BATCHES, min_size=1, max_size=6), st.lists(STEPS, max_size=10))
def test_a_history_ends_exact(
    batches: list[tuple[str, list[Event], list[Event]]],
    steps: list[tuple[object, ...]],
) -> None:
    history = History()
    history.spooled = [
        batch_of(project, f"batch {number}", events, rejected)
        for number, (project, events, rejected) in enumerate(batches)
    ]
    for step in steps:
        match step:
            case ("land", int(first), int(count), (int(at), bool(is_after))):
                history.land(first, count, Crash(at, is_after=is_after))
            case ("erase", str(project), str(session), (int(at), bool(is_after))):
                history.erase((project, named(session)), Crash(at, is_after=is_after))
            case _:
                history.look()
    history.finish()
    history.stores.check()
    last = history.looks[-1]
    for look in history.looks:
        for of_session, (count, events) in look.items():
            assert events == last[of_session][1] or count != last[of_session][0], "not planned"
