"""What comes late of a user who was erased lands only if it happened after the erasure."""

import pytest
from gosight.events_pb2 import Event

from ingest.landing.erased_users import user_hash
from ingest.sinks import names as tables
from ingest.spooled import SpooledBatch
from tests.unit.ingest_landing.landing_batches import INGESTED_AT, batch_of, event, named
from tests.unit.ingest_landing.store_doubles import Stores

ANNA = "anna-4711"


def spooled(*events: Event) -> SpooledBatch:
    """A batch of its own."""
    return batch_of("p", " ".join(one.event_id for one in events), events)


def erased_at(stores: Stores, project: str, moment: int) -> None:
    stores.rows.tables[tables.ERASED_USERS].append(
        {"project_id": project, "user_hash": user_hash(project, ANNA), "erased_at": moment}
    )


def sessions_of(stores: Stores) -> set[str]:
    return {row["session_id"] for row in stores.rows.tables[tables.EVENTS]}


def identify(name: str, session: str) -> Event:
    """Names the user in its payload alone."""
    one = event(name, session, "identify")
    one.identify.user_id = ANNA
    return one


@pytest.mark.parametrize("tells", ["event", "identify"])
def test_a_session_from_before_the_erasure_is_dropped_whole(tells: str) -> None:
    stores = Stores()
    telling = identify("b", "late") if tells == "identify" else event("b", "late", user_id=ANNA)
    batch = spooled(event("a", "late"), telling, event("c", "other"))
    erased_at(stores, batch.project_id, INGESTED_AT)
    stores.land(batch)
    assert sessions_of(stores) == {named("other")}
    (row,) = stores.rows.tables[tables.LEDGER]
    assert (row["landed"], row["erased"]) == (1, 2)
    (tombstone,) = stores.rows.tables[tables.TOMBSTONES]
    assert (tombstone["session_id"], tombstone["is_late"]) == (named("late"), True)


def test_a_session_from_after_the_erasure_is_kept() -> None:
    stores = Stores()
    batch = spooled(event("a", "back", user_id=ANNA))
    erased_at(stores, batch.project_id, INGESTED_AT - 3_600_000)
    stores.land(batch)
    assert sessions_of(stores) == {named("back")}


def test_the_same_id_in_another_project_is_another_person() -> None:
    stores = Stores()
    batch = spooled(event("a", "elsewhere", user_id=ANNA))
    erased_at(stores, "another project", INGESTED_AT)
    stores.land(batch)
    assert sessions_of(stores) == {named("elsewhere")}


def test_a_late_session_that_is_sent_again_is_dropped_again() -> None:
    stores = Stores()
    first = spooled(event("a", "late", user_id=ANNA))
    erased_at(stores, first.project_id, INGESTED_AT)
    stores.land(first)
    stores.land(spooled(event("b", "late")))
    assert sessions_of(stores) == set()
    assert len(stores.rows.tables[tables.TOMBSTONES]) == 1
