"""Through every door a wrong clock of a device is put right, and nothing else."""

from collections.abc import Iterator

import pytest
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from ingest import rejects
from ingest.decode.clock import Clocks, skew_of
from ingest.decode.documents import event_document, from_event_document
from ingest.decode.rows import event_row
from ingest.landing.items import items_of
from tests.unit.ingest_doors.door_clients import Door
from tests.unit.ingest_doors.running_doors import KEY, RunningDoors
from tests.unit.ingest_doors.sent_events import DAY_MS, click, now

HOUR_MS = DAY_MS // 24
NOW = 1_795_900_000_000


def sent_by_a_clock(behind: int, *ages: int) -> EventBatch:
    """Events of these ages in a batch sent now, by a clock that is `behind` ms behind."""
    here = now() - behind
    events = [click(at=here - age) for age in ages]
    return EventBatch(project_key=KEY, events=events, sent_at=here, clock_skew_ms=7)


def kept_times(doors: RunningDoors) -> Iterator[int]:
    for batch in doors.spooled():
        for item in items_of([batch]):
            assert item.decoded is not None
            assert item.facts.clock_skew_ms == 0
            yield item.decoded.timestamp


@pytest.mark.parametrize("behind", [20 * DAY_MS, -20 * HOUR_MS, 40 * DAY_MS, -90_000])
def test_events_of_a_wrong_clock_are_dated_by_ours(
    doors: RunningDoors, door: Door, behind: int
) -> None:
    sent = sent_by_a_clock(behind, 0, 5_000)
    assert door.send(sent).counts == (2, 0)
    (kept,) = doors.spooled()
    skew = kept.ingested_at - sent.sent_at
    assert abs(skew - behind) < 30_000
    for item, age in zip(items_of([kept]), (0, 5_000), strict=True):
        assert item.decoded is not None
        assert item.decoded.timestamp == kept.ingested_at - age
        assert event_row(item.decoded, item.facts)["clock_skew_ms"] == skew
        document = event_document(item.decoded, item.facts)
        assert from_event_document(document) == (item.decoded, item.facts)


@pytest.mark.parametrize(
    ("behind", "moved_by"), [(60_000, 0), (60_001, 60_001), (-60_000, 0), (-60_001, -60_001)]
)
def test_a_minute_may_be_the_way_and_a_millisecond_more_is_the_clock(
    behind: int, moved_by: int
) -> None:
    assert skew_of(NOW - behind, NOW) == moved_by


def test_a_session_has_one_clock_whatever_the_way_of_its_batches() -> None:
    clocks = Clocks()
    sent = NOW - 20 * DAY_MS
    assert clocks.skew("p", "s", sent, NOW) == 20 * DAY_MS
    # Kept by a proxy for ten minutes, or passed on together with the first.
    assert clocks.skew("p", "s", sent + 1, NOW + 10 * 60_000) == 20 * DAY_MS
    assert clocks.skew("p", "s", sent + 10 * 60_000, NOW + 1) == 20 * DAY_MS
    # Of somebody else, in another project, or once the clock was set.
    assert clocks.skew("p", "other", sent - 5, NOW) == 20 * DAY_MS + 5
    assert clocks.skew("q", "s", sent - 7, NOW) == 20 * DAY_MS + 7
    assert clocks.skew("p", "s", NOW - HOUR_MS, NOW) == HOUR_MS
    assert clocks.skew("p", "s", NOW - 1, NOW) == 0


@pytest.mark.parametrize(("behind", "age"), [(20_000, 0), (0, 6 * DAY_MS)])
def test_right_clocks_move_nothing_however_late_they_send(
    doors: RunningDoors, door: Door, behind: int, age: int
) -> None:
    sent = sent_by_a_clock(behind, age)
    assert door.send(sent).counts == (1, 0)
    assert list(kept_times(doors)) == [sent.events[0].timestamp.millis]


@pytest.mark.parametrize("sent_at", [0, 1_795_600_000, 2**62])
def test_without_a_time_of_sending_nothing_moves(
    doors: RunningDoors, door: Door, sent_at: int
) -> None:
    sent = sent_by_a_clock(2 * DAY_MS, 0)
    sent.sent_at = sent_at
    assert door.send(sent).counts == (1, 0)
    assert list(kept_times(doors)) == [sent.events[0].timestamp.millis]


def test_a_backfill_moves_nothing(doors: RunningDoors, door: Door) -> None:
    sent = sent_by_a_clock(400 * DAY_MS, 0)
    assert door.send(sent, backfill=True).counts == (1, 0)
    assert list(kept_times(doors)) == [sent.events[0].timestamp.millis]


def test_an_event_is_judged_by_its_right_time_and_refused_as_it_was_sent(
    doors: RunningDoors, door: Door
) -> None:
    sent = sent_by_a_clock(-40 * DAY_MS, 0, 35 * DAY_MS)
    assert door.send(sent).counts == (1, 1)
    (kept,) = doors.spooled()
    (refused,) = rejects.load(kept.rejects)
    assert refused.reason.value == "timestamp_too_old"
    as_sent = sent.events[1].timestamp.millis
    is_json = refused.raw.startswith(b"{")
    assert (
        str(as_sent).encode() in refused.raw
        if is_json
        else Event.FromString(refused.raw).timestamp.millis == as_sent
    )
