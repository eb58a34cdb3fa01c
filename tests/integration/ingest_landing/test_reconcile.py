"""What is compared between MongoDB, raw and the ledger, and what lands again."""

from gosight.events_pb2 import Event

from tests.integration.ingest_landing.landing_world import World
from tests.unit.ingest_landing.landing_batches import custom, event, named, replay


def rich() -> list[Event]:
    """Every kind of value that a document must carry through to a row."""
    click = event("click", user_id="ann")
    click.click.position.x, click.click.position.y = -5, 70_000
    click.click.target.tag, click.click.target.selector = "BUTTON", "#buy"
    click.click.target.attributes["data.$x"] = "1"
    click.click.target.classes.extend(["btn", ""])
    click.custom["$plan"] = "pro"
    click.device.device_pixel_ratio, click.device.os = 2.625, "Android"
    move = event("move", kind="mouse_move")
    move.mouse_move.positions.add(x=1, y=2, timestamp=-3)
    vitals = event("vitals", kind="web_vitals")
    vitals.performance.cumulative_layout_shift, vitals.performance.ttfb = 0.1, 0
    return [click, move, vitals, custom("custom"), replay("replay"), event("plain", session="t")]


def lose(world: World, *tables: str) -> None:
    for table in tables:
        world.clickhouse.command(
            f"DELETE FROM raw.{table} WHERE project_id = %(project)s",
            parameters={"project": world.project_id},
        )


def test_rows_that_raw_lost_land_again_as_they_were(world: World) -> None:
    world.land(world.batch("batch", *rich()))
    before, index = world.tables(), world.index()
    lose(world, "events", "replay_chunks")
    assert len(world.disagreements()) == 3
    found = world.reconcile()
    assert (found.missing, found.relanded, found.surplus) == (6, 6, 0)
    assert world.tables() == before
    assert world.index()[named("visit")] > index[named("visit")]
    assert world.disagreements() == []
    assert world.reconcile().missing == 0


def test_erased_sessions_do_not_land_again(world: World) -> None:
    world.land(world.batch("batch", event("a"), event("b", session="gone")))
    documents = list(world.mongo.hxi_events_db.events.find({"projectId": world.project_id}))
    world.erase("gone")
    # As if a deletion in MongoDB had been undone.
    world.mongo.hxi_events_db.events.delete_many({"_id": {"$in": [d["_id"] for d in documents]}})
    world.mongo.hxi_events_db.events.insert_many(documents)
    lose(world, "events")
    found = world.reconcile()
    assert (found.missing, found.relanded, found.erased) == (2, 1, 1)
    assert world.events_in_both()[0] == [named("a")]


def test_rows_without_a_document_are_told_of(world: World) -> None:
    world.land(world.batch("batch", event("a"), event("b"), event("c", session="t")))
    world.mongo.hxi_events_db.events.delete_one({"_id": f"{world.project_id}:{named('b')}"})
    assert world.reconcile().surplus == 1
    (line,) = world.disagreements()
    assert "1 rows of raw.events have no document" in line


def test_a_long_session_whose_documents_are_lost_is_told_of(world: World) -> None:
    """More ids than one command takes: MongoDB's bound is 16 MiB."""
    world.land(world.batch("batch", event("a")))
    rows = 200_000
    world.clickhouse.command(
        "INSERT INTO raw.events (project_id, event_id, session_id, event_type, timestamp, batch_id)"
        " SELECT %(project)s, generateUUIDv4(number), %(session)s, 'click', now64(3), %(session)s"
        f" FROM numbers({rows})",
        parameters={"project": world.project_id, "session": named("visit")},
    )
    assert world.reconcile().surplus == rows


def test_documents_that_are_still_landing_are_no_disagreement(world: World) -> None:
    world.land(world.batch("batch", event("a"), event("b")))
    lose(world, "events", "ingest_ledger", "session_index")
    assert world.disagreements() == []


def test_the_ledger_must_add_up(world: World) -> None:
    world.land(world.batch("batch", event("a")))
    row = world.clickhouse.query(
        "SELECT * REPLACE (1 AS duplicate) FROM raw.ingest_ledger WHERE project_id = %(project)s",
        parameters={"project": world.project_id},
    )
    lose(world, "ingest_ledger")
    world.clickhouse.insert(
        "ingest_ledger", row.result_rows, column_names=row.column_names, database="raw"
    )
    (line,) = world.disagreements()
    assert line == f"project {world.project_id}: 1 batches do not add up, {named('batch')} is one"
