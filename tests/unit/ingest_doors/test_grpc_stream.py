"""SendEvents: many batches, one answer."""

from collections.abc import Iterator

import pytest

from ingest.doors.grpc_server import MAX_BATCH_IDS
from tests.unit.ingest_doors.door_clients import GrpcDoorClient
from tests.unit.ingest_doors.running_doors import KEY, OTHER_KEY, OTHER_PROJECT, RunningDoors
from tests.unit.ingest_doors.sent_events import BAD_EVENTS, batch, click, clicks


@pytest.fixture
def stream(doors: RunningDoors) -> Iterator[GrpcDoorClient]:
    with GrpcDoorClient(doors.grpc_address, stream=True) as client:
        yield client


def bodies(*counts: int) -> list[bytes]:
    return [clicks(count, key=KEY).SerializeToString() for count in counts]


def test_the_answer_sums_the_batches(doors: RunningDoors, stream: GrpcDoorClient) -> None:
    first_bad = batch(click(), BAD_EVENTS["invalid_uuid"][0], key=KEY).SerializeToString()
    then_bad = batch(BAD_EVENTS["missing_event_id"][0], key=KEY).SerializeToString()
    outcome = stream.send_stream([*bodies(3, 2), first_bad, then_bad])
    assert (outcome.code, outcome.counts) == ("OK", (6, 2))
    assert outcome.response.success
    assert outcome.response.error == "invalid_uuid"
    assert outcome.batch_ids == [one.batch_id for one in doors.spooled()]
    assert outcome.headers["x-gosight-batches"] == "4"


def test_a_stream_without_batches_is_a_success(doors: RunningDoors, stream: GrpcDoorClient) -> None:
    outcome = stream.send_stream([])
    assert (outcome.code, outcome.counts) == ("OK", (0, 0))
    assert outcome.response.success
    assert doors.spooled() == []


@pytest.mark.parametrize("before", [0, 1, 20])
@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (b"\xff\xff", "INVALID_ARGUMENT"),
        (clicks(1, key="gs_wrong").SerializeToString(), "UNAUTHENTICATED"),
        (clicks(5_001, key=KEY).SerializeToString(), "INVALID_ARGUMENT"),
    ],
)
def test_the_first_refused_batch_ends_the_stream_and_earlier_ones_stay(
    doors: RunningDoors, stream: GrpcDoorClient, before: int, refused: bytes, code: str
) -> None:
    good = bodies(*[2] * before)
    outcome = stream.send_stream([*good, refused, *bodies(7)])
    assert outcome.code == code
    assert outcome.headers["x-gosight-batches"] == str(before)
    assert outcome.batch_ids == [one.batch_id for one in doors.spooled()]
    assert len(doors.spooled_ids()) == 2 * before


def test_each_batch_has_its_own_key(doors: RunningDoors, stream: GrpcDoorClient) -> None:
    own, beside = clicks(1, key=OTHER_KEY), clicks(1)
    outcome = stream.send_stream([own.SerializeToString(), beside.SerializeToString()], KEY)
    assert outcome.code == "OK"
    projects = [one.project_id for one in doors.spooled()]
    assert projects[0] == OTHER_PROJECT
    assert projects[1] != OTHER_PROJECT


def test_the_ids_of_a_long_stream_do_not_outgrow_the_metadata(
    doors: RunningDoors, stream: GrpcDoorClient
) -> None:
    outcome = stream.send_stream(bodies(*[1] * 500))
    assert (outcome.code, outcome.counts) == ("OK", (500, 0))
    last_ids = [one.batch_id for one in doors.spooled()][-MAX_BATCH_IDS:]
    assert outcome.batch_ids == last_ids
    assert outcome.headers["x-gosight-batches"] == "500"
