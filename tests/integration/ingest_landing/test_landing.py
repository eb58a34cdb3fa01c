"""What landing leaves in both stores: each event once, and a ledger that adds up."""

import pytest

from tests.integration.ingest_landing.landing_world import World
from tests.unit.ingest_landing.landing_batches import (
    custom,
    event,
    named,
    poison,
    poison_for_mongodb,
    replay,
)


def ids(*names: str) -> list[str]:
    return sorted(named(name) for name in names)


def test_events_and_replay_payloads_land_in_both_stores(world: World) -> None:
    world.land(world.batch("batch", event("a"), replay("b"), event("c", session="other")))
    assert world.events_in_both() == (ids("a", "c"), ids("a", "c"))
    (row,) = world.tables()["replay_chunks"]
    (document,) = world.documents()["replay_chunks"]
    assert str(row[0]) == document["eventId"] == named("b")
    assert world.ledger() == {
        named("batch"): {"received": 3, "valid": 3, "landed": 3, "landed_replay": 1}
    }
    assert world.index() == {named("visit"): 2, named("other"): 1}
    assert world.disagreements() == []


def test_the_same_batch_twice_is_one_batch(world: World) -> None:
    batch = world.batch("batch", event("a"), event("b"))
    world.land(batch)
    before = world.tables(), world.documents(), world.index()
    world.land(batch)
    assert (world.tables(), world.documents(), world.index()) == before


@pytest.mark.parametrize("is_one_block", [True, False])
def test_an_event_in_two_batches_lands_with_the_first(world: World, is_one_block: bool) -> None:
    batches = [
        world.batch("first", event("a"), event("b")),
        world.batch("second", event("b"), event("c")),
    ]
    if is_one_block:
        world.land(*batches)
    else:
        for batch in batches:
            world.land(batch)
    assert world.events_in_both() == (ids("a", "b", "c"), ids("a", "b", "c"))
    assert world.ledger() == {
        named("first"): {"received": 2, "valid": 2, "landed": 2},
        named("second"): {"received": 2, "valid": 2, "landed": 1, "duplicate": 1},
    }
    assert world.index() == {named("visit"): 3}
    assert world.disagreements() == []


def test_an_event_twice_in_a_batch_lands_once(world: World) -> None:
    world.land(world.batch("batch", event("a"), event("b"), event("a"), event("a")))
    assert world.ledger()[named("batch")] == {
        "received": 4,
        "valid": 4,
        "landed": 2,
        "duplicate": 2,
    }
    assert world.disagreements() == []


def test_a_batch_whose_documents_were_written_before_is_no_duplicate(world: World) -> None:
    """The process died after MongoDB; a later batch with the same event lands before the retry."""
    first = world.batch("first", event("a"), event("b"))
    world.land(first)
    world.clickhouse.command(
        "DELETE FROM raw.ingest_ledger WHERE project_id = %(project)s",
        parameters={"project": world.project_id},
    )
    world.land(world.batch("second", event("b")), first)
    assert world.ledger() == {
        named("first"): {"received": 2, "valid": 2, "landed": 2},
        named("second"): {"received": 1, "valid": 1, "duplicate": 1},
    }
    assert world.disagreements() == []


def test_two_projects_with_equal_ids_stay_apart(world: World, other_world: World) -> None:
    for one in (world, other_world):
        one.land(one.batch("batch", event("a"), event("z", kind="session_end"), replay("b")))
    assert world.tables() == other_world.tables()
    assert world.documents() == other_world.documents()
    assert world.ledger()[named("batch")]["landed"] == 3
    other_world.erase("visit")
    assert len(world.events_in_both()[0]) == 2
    assert other_world.events_in_both() == ([], [])
    assert world.disagreements() == other_world.disagreements() == []


@pytest.mark.usefixtures("poisonable")
def test_what_only_clickhouse_refuses_is_set_aside_whole_and_the_rest_lands(world: World) -> None:
    bad = poison("bad")
    names = [f"good {number}" for number in range(40)]
    events = [event(name) for name in names]
    world.land(
        world.batch("mixed", *events[:20], bad, *events[20:39]), world.batch("good", events[39])
    )
    assert world.events_in_both() == (ids(*names), ids(*names))
    assert world.ledger() == {
        named("mixed"): {"received": 40, "valid": 40, "landed": 39, "refused_by_store": 1},
        named("good"): {"received": 1, "valid": 1, "landed": 1},
    }
    (kept,) = world.clickhouse.query(
        "SELECT position, event_id, reason, raw FROM raw.rejected_events FINAL"
        " WHERE project_id = %(project)s",
        parameters={"project": world.project_id},
        column_formats={"raw": "bytes"},
    ).result_rows
    assert tuple(kept) == (20, bad.event_id, "refused_by_store", bad.SerializeToString())
    assert world.disagreements() == []


def test_what_only_mongodb_refuses_is_set_aside_and_the_rest_lands(world: World) -> None:
    world.land(world.batch("mixed", event("a"), poison_for_mongodb("bad"), event("b")))
    assert world.events_in_both() == (ids("a", "b"), ids("a", "b"))
    assert world.ledger()[named("mixed")] == {
        "received": 3,
        "valid": 3,
        "landed": 2,
        "refused_by_store": 1,
    }
    assert world.disagreements() == []


@pytest.mark.usefixtures("poisonable")
def test_a_later_copy_of_a_refused_event_may_land(world: World) -> None:
    world.land(world.batch("first", poison("twin")), world.batch("second", custom("twin")))
    assert world.ledger() == {
        named("first"): {"received": 1, "valid": 1, "refused_by_store": 1},
        named("second"): {"received": 1, "valid": 1, "landed": 1},
    }
    assert world.disagreements() == []


def test_events_of_an_erased_session_are_dropped_and_counted(world: World) -> None:
    world.land(world.batch("before", event("a"), event("k", session="kept")))
    assert world.erase("visit") == 1
    bad = poison_for_mongodb("refused at the door")
    world.land(world.batch("after", event("b"), event("l", session="kept"), rejected=[bad]))
    assert world.events_in_both() == (ids("k", "l"), ids("k", "l"))
    assert world.ledger()[named("after")] == {
        "received": 3,
        "valid": 2,
        "rejected": 1,
        "landed": 1,
        "erased": 1,
    }
    assert world.tables()["rejected_events"] == []
    assert world.disagreements() == []
