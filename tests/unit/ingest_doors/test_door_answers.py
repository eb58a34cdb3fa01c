"""Whatever door a batch comes through: what the client is told and what is kept."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from ingest import rejects
from ingest.settings import MIB
from tests.unit.ingest_doors.door_clients import WAYS, Door, open_way
from tests.unit.ingest_doors.running_doors import (
    KEY,
    OTHER_KEY,
    OTHER_PROJECT,
    PROJECT,
    READ_ONLY_KEY,
    RunningDoors,
)
from tests.unit.ingest_doors.sent_events import BAD_EVENTS, DAY_MS, batch, click, clicks, now

BAD = [
    pytest.param(reason, event, id=f"{reason} {number}")
    for reason, events in BAD_EVENTS.items()
    for number, event in enumerate(events, start=1)
]


def ids(sent: EventBatch) -> list[str]:
    return [event.event_id for event in sent.events]


def test_a_good_batch_is_on_disk_when_it_is_answered(doors: RunningDoors, door: Door) -> None:
    sent = clicks(3, key=KEY)
    outcome = door.send(sent)
    assert (outcome.code, outcome.counts) == ("OK", (3, 0))
    assert outcome.response.success
    assert not outcome.response.HasField("error")
    (kept,) = doors.spooled()
    assert outcome.batch_ids == [kept.batch_id] == [str(UUID(kept.batch_id))]
    assert (kept.project_id, kept.door, kept.sdk_version) == (PROJECT, door.name, "web 1.2.3")
    assert (kept.received, kept.valid, kept.filtered) == (3, 3, 0)
    assert kept.sent_at == sent.sent_at
    assert abs(kept.ingested_at - now()) < 60_000
    assert list(EventBatch.FromString(kept.body).events) == list(sent.events)


def test_the_key_is_not_kept(doors: RunningDoors, door: Door) -> None:
    good, bad = clicks(1, key=KEY), batch(click(), BAD_EVENTS["invalid_uuid"][0], key=KEY)
    for sent in (good, bad):
        assert door.send(sent).code == "OK"
    assert all(KEY.encode() not in one.body + one.rejects for one in doors.spooled())


def test_the_key_may_come_beside_the_batch(doors: RunningDoors, door: Door) -> None:
    assert door.send(clicks(1), key=KEY).counts == (1, 0)
    assert [one.project_id for one in doors.spooled()] == [PROJECT]


def test_the_key_in_the_batch_counts_more_than_the_one_beside_it(
    doors: RunningDoors, door: Door
) -> None:
    assert door.send(clicks(1, key=OTHER_KEY), key=KEY).code == "OK"
    assert [one.project_id for one in doors.spooled()] == [OTHER_PROJECT]


@pytest.mark.parametrize("key", ["", "gs_" + "w" * 43, "nonsense", "ключ", READ_ONLY_KEY])
def test_a_key_that_may_not_write_lets_nothing_in(
    doors: RunningDoors, door: Door, key: str
) -> None:
    outcome = door.send(clicks(1, key=key))
    assert outcome.code == "UNAUTHENTICATED"
    assert "key" in outcome.error
    assert doors.spooled() == []


def test_a_body_that_is_no_batch_is_refused(doors: RunningDoors, door: Door) -> None:
    outcome = door.send_bytes(door.malformed, key=KEY)
    assert outcome.code == "INVALID_ARGUMENT"
    assert outcome.status in (0, 400)
    assert outcome.error.startswith("the body is not ")
    assert doors.spooled() == []


@pytest.mark.parametrize(("reason", "bad"), BAD)
def test_a_bad_event_leaves_the_good_ones_around_it_alone(
    doors: RunningDoors, door: Door, reason: str, bad: Event
) -> None:
    good = [click(), click()]
    outcome = door.send(batch(good[0], bad, good[1], key=KEY))
    assert (outcome.code, outcome.counts) == ("OK", (2, 1))
    assert outcome.response.success
    assert outcome.response.error == reason
    assert doors.spooled_ids() == [event.event_id for event in good]
    (kept,) = doors.spooled()
    assert (kept.received, kept.valid) == (3, 2)
    assert orjson.loads(kept.positions) == [0, 2]
    (refused,) = rejects.load(kept.rejects)
    assert (refused.position, refused.reason) == (1, reason)
    assert (refused.event_id, refused.session_id) == (bad.event_id, bad.session_id)
    assert refused.detail
    assert refused.raw


def test_a_batch_of_bad_events_is_a_success_since_it_is_kept(
    doors: RunningDoors, door: Door
) -> None:
    bad = [events[0] for reason, events in BAD_EVENTS.items() if reason != "event_too_large"]
    outcome = door.send(batch(*bad, key=KEY))
    assert (outcome.code, outcome.counts) == ("OK", (0, len(bad)))
    assert outcome.response.success
    assert outcome.response.error == "missing_event_id"
    (kept,) = doors.spooled()
    assert rejects.count_by_reason(rejects.load(kept.rejects)) == {
        reason: 1 for reason in BAD_EVENTS if reason != "event_too_large"
    }
    assert kept.body == b""


def test_an_empty_batch_is_a_batch(doors: RunningDoors, door: Door) -> None:
    outcome = door.send(EventBatch(project_key=KEY))
    assert (outcome.code, outcome.counts) == ("OK", (0, 0))
    assert outcome.response.success
    (kept,) = doors.spooled()
    assert (kept.batch_id, kept.received) == (outcome.batch_ids[0], 0)


def test_the_same_batch_again_is_taken_again(doors: RunningDoors, door: Door) -> None:
    sent = clicks(2, key=KEY)
    outcomes = [door.send(sent), door.send(sent)]
    assert [one.counts for one in outcomes] == [(2, 0), (2, 0)]
    assert doors.spooled_ids() == 2 * ids(sent)
    first, second = doors.spooled()
    assert first.batch_id != second.batch_id


def test_five_thousand_events_fit_and_one_more_does_not(doors: RunningDoors, door: Door) -> None:
    event = click()
    assert door.send(batch(*[event] * 5_000, key=KEY)).counts == (5_000, 0)
    outcome = door.send(batch(*[event] * 5_001, key=KEY))
    assert outcome.code == "INVALID_ARGUMENT"
    assert outcome.status in (0, 413)
    assert outcome.error == "the batch has more than 5000 events: send fewer at once"
    assert len(doors.spooled()) == 1


def padded(size: int) -> EventBatch:
    """A batch of valid events that has exactly so many bytes."""
    sent = clicks(100, key=KEY)
    for event in sent.events:
        event.page.title = "x" * 50_000
    short = size - sent.ByteSize()
    for event in sent.events:
        part = min(short, 5_000)
        event.page.title += "x" * part
        short -= part
    assert sent.ByteSize() == size
    return sent


def test_five_mebibytes_of_protobuf_fit_and_more_does_not(doors: RunningDoors, door: Door) -> None:
    assert door.send(padded(5 * MIB)).counts == (100, 0)
    outcome = door.send(padded(5 * MIB + 1000))
    assert outcome.code == "INVALID_ARGUMENT"
    assert outcome.status in (0, 413)
    assert outcome.error.endswith(f"bytes as protobuf, {5 * MIB} are allowed")
    assert len(doors.spooled()) == 1


def test_backfill_lifts_the_age_limit_and_no_other(doors: RunningDoors, door: Door) -> None:
    old, ancient = click(at=now() - 400 * DAY_MS), click(at=86_400_000)
    future = BAD_EVENTS["timestamp_in_future"][0]
    assert door.send(batch(old, key=KEY)).counts == (0, 1)
    assert door.send(batch(old, key=KEY), backfill=True).counts == (1, 0)
    assert door.send(batch(ancient, future, key=KEY), backfill=True).counts == (0, 2)
    assert doors.spooled_ids() == [old.event_id]


def test_ids_of_any_form_are_kept_as_sent_until_landing(doors: RunningDoors, door: Door) -> None:
    forms = ["6F9619FF-8B86-4D01-B42D-00CF4FC964FF", "7f9619ff8b864d01b42d00cf4fc964ff"]
    assert door.send(batch(*map(click, forms), key=KEY)).counts == (2, 0)
    assert doors.spooled_ids() == forms


def test_times_and_versions_that_no_store_could_keep_do_no_harm(
    doors: RunningDoors, door: Door
) -> None:
    sent = EventBatch(
        project_key=KEY, events=[click()], sent_at=2**62, sdk_version="a\0b" + "x" * 100_000
    )
    assert door.send(sent).counts == (1, 0)
    (kept,) = doors.spooled()
    assert kept.sent_at == 0
    assert kept.sdk_version == "ab" + "x" * 98


@pytest.fixture(params=WAYS)
def door_of_a_full_spool(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[RunningDoors, Door]]:
    with (
        RunningDoors(tmp_path, spool_bytes=6_000) as running,
        open_way(request.param, running.http_url, running.grpc_address) as way,
    ):
        yield running, way


def test_a_full_spool_asks_to_come_back_and_takes_again_when_there_is_room(
    door_of_a_full_spool: tuple[RunningDoors, Door],
) -> None:
    running, way = door_of_a_full_spool
    assert way.send(clicks(20, key=KEY)).code == "OK"
    outcome = way.send(clicks(20, key=KEY))
    assert outcome.code == "UNAVAILABLE"
    assert "the spool is full" in outcome.error
    # The same wish, as each protocol says it.
    assert outcome.headers.get("retry-after") == "5" or (
        outcome.headers.get("grpc-retry-pushback-ms") == "5000"
    )
    running.spool.remove(running.spooled())
    assert way.send(clicks(20, key=KEY)).code == "OK"


def test_without_postgresql_known_keys_work_and_others_are_asked_to_come_back(
    doors: RunningDoors, door: Door
) -> None:
    assert door.send(clicks(1, key=KEY)).code == "OK"
    doors.key_table.is_down = True
    assert door.send(clicks(1, key=KEY)).code == "OK"
    outcome = door.send(clicks(1, key=OTHER_KEY))
    assert outcome.code == "UNAVAILABLE"
    assert "keys cannot be checked" in outcome.error
    assert len(doors.spooled()) == 2
