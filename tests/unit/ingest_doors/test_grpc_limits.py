"""What gRPC itself does with messages before the intake sees them."""

from collections.abc import Iterator

import grpc
import psutil
import pytest

from tests.unit.ingest_doors.running_doors import KEY, RunningDoors
from tests.unit.ingest_doors.sent_events import clicks

MIB = 1024 * 1024
METHOD = "/gosight.IngestService/SendBatch"


@pytest.fixture
def channel(doors: RunningDoors) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(doors.grpc_address) as channel:
        yield channel


def code_of(channel: grpc.Channel, body: bytes, **options: object) -> str:
    try:
        channel.unary_unary(METHOD)(body, metadata=[("x-gosight-key", KEY)], timeout=60, **options)
    except grpc.RpcError as error:
        return str(error.code().name)
    return "OK"


def test_what_is_too_large_for_a_batch_but_not_for_a_message_is_not_to_be_sent_again(
    doors: RunningDoors, channel: grpc.Channel
) -> None:
    assert code_of(channel, b"\x22" + b"x" * (15 * MIB)) == "INVALID_ARGUMENT"


def test_a_message_above_sixteen_mebibytes_is_not_read(
    doors: RunningDoors, channel: grpc.Channel
) -> None:
    assert code_of(channel, b"x" * (17 * MIB)) == "RESOURCE_EXHAUSTED"


def test_compressed_messages_are_read(doors: RunningDoors, channel: grpc.Channel) -> None:
    body = clicks(3).SerializeToString()
    assert code_of(channel, body, compression=grpc.Compression.Gzip) == "OK"
    assert len(doors.spooled_ids()) == 3


def test_a_compressed_message_is_measured_by_what_it_unfolds_to(
    doors: RunningDoors, channel: grpc.Channel
) -> None:
    before = psutil.Process().memory_info().rss
    code = code_of(channel, b"\0" * (200 * MIB), compression=grpc.Compression.Gzip)
    assert code == "RESOURCE_EXHAUSTED"
    assert doors.spooled() == []
    assert psutil.Process().memory_info().rss - before < 500 * MIB


def test_an_unknown_method_says_so(doors: RunningDoors, channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/gosight.IngestService/SendPostcard")(b"", timeout=60)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
