"""A crash, or an erasure, at any step of landing leaves what an undisturbed landing leaves."""

from functools import partial
from itertools import combinations

import pytest

from ingest.sinks.interface import Session
from ingest.spooled import SpooledBatch
from tests.unit.ingest_landing.landing_batches import (
    batch_of,
    custom,
    event,
    named,
    poison,
    replay,
)
from tests.unit.ingest_landing.landing_crashes import Aside, Crash, CrashError, at_each_call
from tests.unit.ingest_landing.store_doubles import Stores

PROJECT = "project"
GONE: Session = (PROJECT, named("gone"))


def batches() -> list[SpooledBatch]:
    """A bit of everything: duplicates in and across batches, replay, poison, an erased session."""
    first = [
        event("a", kind="session_start", user_id="ann"),
        event("b"),
        replay("r"),
        poison("p"),
        event("b"),
        event("g", session="gone"),
        event("refused by MongoDB"),
    ]
    second = [event("b"), event("c"), poison("p"), event("z", kind="session_end"), replay("r")]
    return [
        batch_of(PROJECT, "first", first, rejected=[event("no", session="gone")]),
        batch_of(PROJECT, "second", second),
    ]


def stores() -> Stores:
    made = Stores()
    made.documents.refuses.add(named("refused by MongoDB"))
    return made


def undisturbed() -> Stores:
    made = stores()
    made.land(*batches())
    made.check()
    return made


def test_landing_gives_every_event_its_fate() -> None:
    made = undisturbed()
    assert made.ledger() == {
        named("first"): {
            "received": 8,
            "valid": 7,
            "rejected": 1,
            "landed": 4,
            "landed_replay": 1,
            "duplicate": 1,
            "refused_by_store": 2,
            "reasons": [("invalid_number", 1), ("refused_by_store", 2)],
        },
        named("second"): {
            "received": 5,
            "valid": 5,
            "landed": 2,
            "duplicate": 2,
            "refused_by_store": 1,
            "reasons": [("refused_by_store", 1)],
        },
    }
    assert made.index() == {(PROJECT, named("visit")): 5, GONE: 1}


def test_a_healthy_copy_of_a_refused_event_lands() -> None:
    made = Stores()
    made.land(
        batch_of(PROJECT, "first", [poison("p"), event("a")]),
        batch_of(PROJECT, "second", [custom("p"), custom("p")]),
    )
    made.check()
    assert made.ledger()[named("first")]["refused_by_store"] == 1
    second = made.ledger()[named("second")]
    assert (second["landed"], second["duplicate"]) == (1, 1)


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("is_one_block", [False, True])
def test_a_retry_after_a_crash_at_any_call_changes_nothing(
    is_after: bool, is_one_block: bool
) -> None:
    """The retry may come in one block with a later batch, or alone."""
    expected = undisturbed()

    def run(at: int) -> bool:
        made = stores()
        crash = Crash(at, is_after=is_after)
        try:
            made.land(*batches()[: 2 if is_one_block else 1], watched=crash)
        except CrashError:
            made.land(*batches())
        if not is_one_block:
            made.land(batches()[1])
        assert made.state() == expected.state()
        assert made.index() >= expected.index()
        made.check()
        return crash.has_happened

    assert at_each_call(run) > 8


@pytest.mark.parametrize("is_after", [False, True])
def test_a_later_copy_that_lands_first_does_not_double(is_after: bool) -> None:
    """The first batch dies half-way; the second, with copies of its events, is faster."""

    def run(at: int) -> bool:
        made = stores()
        crash = Crash(at, is_after=is_after)
        try:
            made.land(batches()[0], watched=crash)
        except CrashError:
            made.land(batches()[1])
            made.land(batches()[0])
        else:
            made.land(batches()[1])
        made.check()
        return crash.has_happened

    assert at_each_call(run) > 8


def test_an_erasure_before_any_call_of_landing_leaves_nothing_of_the_session() -> None:
    def run(at: int) -> bool:
        made = stores()
        aside = Aside({at: lambda: made.erase(GONE)})
        made.land(*batches(), watched=aside)
        if aside.has_happened:
            assert made.events_of(GONE) == frozenset()
            assert made.documents.batches_of(GONE) == []
            assert made.index()[GONE] > 0
        return aside.has_happened

    assert at_each_call(run) > 8


def look(made: Stores, seen: list[tuple[int, frozenset[str]]]) -> None:
    seen.append((made.index()[GONE], made.events_of(GONE)))


def test_a_run_that_looks_while_an_erasure_and_a_landing_cross_is_repeated() -> None:
    """What it read is gone in the end, so the session's index must differ from what it saw."""
    looks = 0
    for erased_at, looked_at in combinations(range(1, 20), 2):
        made = stores()
        seen: list[tuple[int, frozenset[str]]] = []
        acts = {erased_at: partial(made.erase, GONE), looked_at: partial(look, made, seen)}
        made.land(*batches(), watched=Aside(acts))
        for count, events in seen:
            looks += bool(events)
            assert not events or count != made.index()[GONE]
    assert looks


@pytest.mark.parametrize("is_after", [False, True])
def test_an_erasure_between_a_crash_and_the_retry_is_exact(is_after: bool) -> None:
    def run(at: int) -> bool:
        made = stores()
        crash = Crash(at, is_after=is_after)
        try:
            made.land(*batches(), watched=crash)
        except CrashError:
            made.erase(GONE)
            made.land(*batches())
        made.check()
        return crash.has_happened

    assert at_each_call(run) > 8


@pytest.mark.parametrize("is_after", [False, True])
def test_an_erasure_may_die_at_any_call_and_be_repeated(is_after: bool) -> None:
    expected = undisturbed()
    expected.erase(GONE)
    expected.check()

    def run(at: int) -> bool:
        made = undisturbed()
        crash = Crash(at, is_after=is_after)
        before = made.index()[GONE]
        try:
            made.erase(GONE, watched=crash)
        except CrashError:
            made.erase(GONE)
        made.erase(GONE)
        made.check()
        assert made.state() == expected.state()
        assert made.index()[GONE] > before
        return crash.has_happened

    assert at_each_call(run) > 5
