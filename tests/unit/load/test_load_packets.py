"""What is read becomes batches within ingest's limits, and nothing of it is lost or judged."""

import gzip
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from hxi.load import files
from hxi.load.errors import FileError
from hxi.load.json_lines import MAX_JSON_BYTES
from hxi.load.packets import MAX_EVENTS, MAX_PROTOBUF_BYTES, Packet
from simulate.wire import varint


def read(path: Path) -> list[Packet]:
    files.check([path])
    return list(files.packets(path, "gs_key"))


def ndjson(folder: Path, *lines: bytes) -> Path:
    path = folder / "events.ndjson"
    path.write_bytes(b"\n".join(lines))
    return path


def binpb(folder: Path, *bodies: bytes) -> Path:
    path = folder / "batches.binpb"
    path.write_bytes(b"".join(varint(len(body)) + body for body in bodies))
    return path


def batch_of(count: int, text: str = "") -> EventBatch:
    events = [Event(event_id=f"{number}", user_id=text) for number in range(count)]
    return EventBatch(project_key="gs_other", sdk_version="1.2", sent_at=5, events=events)


def json_events(packets: list[Packet]) -> list[Any]:
    return [event for packet in packets for event in json.loads(packet.body)["events"]]


def test_single_events_are_gathered_and_kept_byte_for_byte(tmp_path: Path) -> None:
    lines = [b'{"eventId": "%d", "n": 1.10}' % number for number in range(2_500)]
    packets = read(ndjson(tmp_path, *lines))
    assert [packet.events for packet in packets] == [1_000, 1_000, 500]
    assert packets[1].origin.endswith("events.ndjson, line 1001")
    assert all(line in packets[0].body for line in lines[:1_000])
    assert [event["eventId"] for event in json_events(packets)] == [f"{n}" for n in range(2_500)]


def test_gathered_events_stay_below_the_size_limit(tmp_path: Path) -> None:
    lines = [orjson.dumps({"eventId": str(n), "userId": "x" * 300_000}) for n in range(20)]
    packets = read(ndjson(tmp_path, *lines))
    assert len(json_events(packets)) == 20
    assert max(len(packet.body) for packet in packets) < MAX_JSON_BYTES


def test_a_json_batch_keeps_its_envelope_but_not_its_key(tmp_path: Path) -> None:
    batch = {"projectKey": "a", "project_key": "b", "sentAt": "7", "events": [{"eventId": "1"}]}
    (packet,) = read(ndjson(tmp_path, orjson.dumps(batch)))
    assert json.loads(packet.body) == {"sentAt": "7", "events": [{"eventId": "1"}]}


def test_batches_and_events_may_be_mixed_in_one_file(tmp_path: Path) -> None:
    lines = [b'{"eventId": "1"}', b'{"events": [{"eventId": "2"}]}', b"", b'{"eventId": "3"}']
    packets = read(ndjson(tmp_path, *lines))
    assert sorted(event["eventId"] for event in json_events(packets)) == ["1", "2", "3"]


@pytest.mark.parametrize(("count", "text"), [(12_000, ""), (300, "x" * 30_000)])
def test_a_large_json_batch_is_divided(tmp_path: Path, count: int, text: str) -> None:
    events = [{"eventId": str(number), "userId": text} for number in range(count)]
    packets = read(ndjson(tmp_path, orjson.dumps({"sdkVersion": "1", "events": events})))
    assert len(packets) > 1
    assert json_events(packets) == events
    assert all(packet.events <= MAX_EVENTS for packet in packets)
    assert all(len(packet.body) <= MAX_JSON_BYTES for packet in packets)
    assert all(json.loads(packet.body)["sdkVersion"] == "1" for packet in packets)


@pytest.mark.parametrize(
    "line",
    [b'{"n": NaN}', b'{"t": "\\ud800"}', b'{"n": 1e999}', b'{"t": "\xff"}', b"[1]", b"null", b"7"],
)
def test_what_one_event_alone_suffers_from_is_sent_as_it_is(tmp_path: Path, line: bytes) -> None:
    (packet,) = read(ndjson(tmp_path, b'{"eventId": "good"}', line))
    assert packet.body == b'{"events":[{"eventId": "good"},' + line + b"]}"


def test_what_strict_json_forbids_in_a_batch_is_not_lost(tmp_path: Path) -> None:
    (packet,) = read(ndjson(tmp_path, b'{"projectKey": "x", "events": [{"n": NaN}, {"n": 1}]}'))
    assert b'{"n": NaN}' in packet.body


def test_a_later_line_that_is_no_json_takes_an_events_place_as_a_text(tmp_path: Path) -> None:
    (packet,) = read(ndjson(tmp_path, b"{}", b'{"eventId": "cut o', b'{}],"events":[{}'))
    assert json_events([packet]) == [{}, '{"eventId": "cut o', '{}],"events":[{}']


def test_an_envelope_that_ingest_must_refuse_is_left_to_it(tmp_path: Path) -> None:
    (packet,) = read(ndjson(tmp_path, b'{"events": 5}'))
    assert packet.body == b'{"events":5}'


def test_protobuf_batches_pass_as_they_are_without_their_key(tmp_path: Path) -> None:
    batch = batch_of(3)
    (packet,) = read(binpb(tmp_path, batch.SerializeToString()))
    batch.ClearField("project_key")
    assert EventBatch.FromString(packet.body) == batch
    assert (packet.is_json, packet.events) == (False, 3)


@pytest.mark.parametrize(("count", "text"), [(MAX_EVENTS + 1, ""), (200, "x" * 40_000)])
def test_a_large_protobuf_batch_is_divided(tmp_path: Path, count: int, text: str) -> None:
    batch = batch_of(count, text)
    packets = read(binpb(tmp_path, batch.SerializeToString()))
    parts = [EventBatch.FromString(packet.body) for packet in packets]
    assert len(parts) > 1
    assert [event for part in parts for event in part.events] == list(batch.events)
    assert all(len(packet.body) <= MAX_PROTOBUF_BYTES for packet in packets)
    assert {(part.sdk_version, part.sent_at) for part in parts} == {("1.2", 5)}


def test_a_message_with_a_bad_event_goes_to_ingest_whole_under_the_loaders_key(
    tmp_path: Path,
) -> None:
    bad = b"\x12\x03abc"  # field 2 (events), 3 bytes that are no Event
    (packet,) = read(binpb(tmp_path, batch_of(1).SerializeToString() + bad))
    assert packet.body.startswith(batch_of(1).SerializeToString() + bad)
    key = packet.body.removeprefix(batch_of(1).SerializeToString() + bad)
    assert EventBatch.FromString(key).project_key == "gs_key"


def test_how_much_was_read_ends_at_the_files_size(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson.gz"
    path.write_bytes(gzip.compress(b'{"events": []}\n' * 50_000))
    reads = [packet.read for packet in read(path)]
    assert reads == sorted(reads)
    assert reads[-1] == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.csv", b"", "only *.ndjson, *.ndjson.gz, *.binpb can be loaded"),
        ("a.ndjson.gz", b"{}", "not a gzip file"),
        ("a.ndjson.gz", gzip.compress(b"{}\n" * 9_999, mtime=0)[:-20], "damaged gzip file"),
        ("a.ndjson", b"\n<html>\n", "line 2: not a JSON object"),
        ("a.ndjson", b'[{"eventId": "1"}]', "line 1: not a JSON object"),
        ("a.binpb", b"\xff" * 20, "message 1 at byte 0: its length is no varint"),
        ("a.binpb", b"\x00\x80", "message 2 at byte 1: the file ends within its length"),
        ("a.binpb", b"\x00\x05abc", "message 2 at byte 1: ends after 3 of its 5 bytes"),
        ("a.binpb", b"\xff\xff\xff\xff\x07abc", "so this is no length-delimited EventBatch"),
    ],
)
def test_a_file_of_another_kind_is_told_with_its_place(
    tmp_path: Path, name: str, content: bytes, line: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileError) as told:
        read(path)
    assert str(told.value).startswith(str(path))
    assert line in str(told.value)
    assert "\n" not in str(told.value)


def test_a_missing_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.binpb: No such file"):
        files.check([ndjson(tmp_path, b"{}"), tmp_path / "gone.binpb"])


def test_an_endless_line_is_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_RECORD_BYTES", 100)
    with pytest.raises(FileError, match="line 2: longer than"):
        read(ndjson(tmp_path, b"{}", b"[" * 101))


def test_byte_order_marks_of_files_written_on_windows_are_no_part_of_a_line(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    path = ndjson(tmp_path, mark + b'{"eventId":"1"}', mark + b'{"events":[{"eventId":"2"}]}')
    assert [json.loads(packet.body) for packet in read(path)] == [
        {"events": [{"eventId": "2"}]},
        {"events": [{"eventId": "1"}]},
    ]
