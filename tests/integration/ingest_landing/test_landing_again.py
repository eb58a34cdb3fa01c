"""Landing on the real stores dies between two steps and is repeated; erasures too."""

import pytest

from ingest.spooled import SpooledBatch
from tests.integration.ingest_landing.landing_world import World
from tests.unit.ingest_landing.landing_batches import event, named, poison_for_mongodb, replay
from tests.unit.ingest_landing.landing_crashes import Crash, CrashError


def batches(world: World) -> list[SpooledBatch]:
    first = [
        event("a", kind="session_start", user_id="ann"),
        event("b"),
        event("b"),
        replay("r"),
        poison_for_mongodb("p"),
        event("g", session="gone"),
    ]
    second = [event("b"), event("c"), replay("r"), event("z", kind="session_end")]
    return [
        world.batch("first", *first, rejected=[event("no", session="gone")]),
        world.batch("second", *second),
    ]


@pytest.mark.parametrize("is_after", [False, True])
def test_a_retry_after_a_crash_at_any_call_gives_equal_tables(
    world: World, other_world: World, is_after: bool
) -> None:
    """`other_world` lands undisturbed; each try that dies lets the next one come a call further."""
    other_world.land(*batches(other_world))
    at, died = 1, True
    while died:
        try:
            world.land(*batches(world), watched=Crash(at, is_after=is_after))
        except CrashError:
            at += 1
        else:
            died = False
    assert at > 8
    assert world.tables() == other_world.tables()
    assert world.documents() == other_world.documents()
    assert world.index().keys() == other_world.index().keys()
    assert world.disagreements() == other_world.disagreements() == []


def test_an_erasure_between_a_crash_and_the_retry_leaves_nothing(world: World) -> None:
    """Eight calls: documents, rows and index are written, the ledger is not."""
    with pytest.raises(CrashError):
        world.land(*batches(world), watched=Crash(8, is_after=True))
    assert world.ledger() == {}
    world.erase("gone")
    world.land(*batches(world))
    assert named("g") not in world.events_in_both()[0] + world.events_in_both()[1]
    assert world.ledger()[named("first")]["erased"] == 1
    assert world.disagreements() == []


def test_an_erasure_takes_everything_of_its_sessions_and_may_be_repeated(world: World) -> None:
    world.land(*batches(world))
    before = world.index()
    assert world.erase("visit", "gone") == world.erase("visit", "gone") == 6
    assert world.events_in_both() == ([], [])
    assert world.tables()["replay_chunks"] == []
    assert [named("no")] != [row[2] for row in world.tables()["rejected_events"]]
    assert set(map(len, world.documents().values())) == {0}
    assert all(world.index()[session] > count for session, count in before.items())
    assert world.disagreements() == []


def test_ids_of_erased_sessions_may_be_in_any_form(world: World) -> None:
    world.land(world.batch("batch", event("a")))
    world.erase_ids(named("visit").upper().replace("-", ""))
    assert world.events_in_both() == ([], [])
