"""Replay facts: what payloads hold, and their place in the session."""

import gzip
import time
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode import rrweb
from ingest.decode.json_text import repaired
from tests.unit.signals.replay_payloads import (
    INPUT,
    MOUSE_MOVE,
    MUTATION,
    SCROLL,
    SELECTION,
    change,
    facts,
    packed,
    payload,
    snapshot,
)
from tests.unit.signals.signal_events import PROJECT, Row, at, event_id

KINDS = ("snapshots", "mutations", "scrolls", "selections")


def seen(row: Row) -> dict[str, list[Any]]:
    return {kind: row[kind] for kind in KINDS if row[kind]}


def fact(data: bytes) -> Row:
    [row] = facts([payload(0, 1, data)])
    return row


@pytest.mark.parametrize("pack", [orjson.dumps, packed])
def test_a_payload_of_one_event_happened_at_its_own_time(pack: Any) -> None:
    row = fact(pack(snapshot()))
    assert seen(row) == {"snapshots": [at(0)]}
    assert (row["started_at"], row["ended_at"]) == (at(0), at(0))
    assert (row["event_count"], row["problem"]) == (1, "")
    assert row["data_size"] == len(orjson.dumps(snapshot()))


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (MUTATION, "mutations"),
        (SCROLL, "scrolls"),
        (SELECTION, "selections"),
        *((source, "mutations") for source in (8, 9, 13, 15)),
        *((source, "") for source in (MOUSE_MOVE, 2, 4, INPUT, 6, 7, 10, 11, 12, 16, 99)),
    ],
)
def test_what_moved_is_told_by_the_source(source: int, kind: str) -> None:
    assert seen(fact(packed(change(source)))) == ({kind: [at(0)]} if kind else {})


@pytest.mark.parametrize(
    "event",
    [
        {"type": 0}, {"type": 1}, {"type": 4, "data": {"source": 0}}, {"type": 5}, {"type": 6},
        {"type": 3}, {"type": 3, "data": None}, {"type": 3, "data": {"source": "0"}},
        {"type": 3, "data": []}, {"type": "3", "data": {"source": 0}},
    ],
)  # fmt: skip
def test_other_events_show_nothing_of_the_page(event: Row) -> None:
    row = fact(packed(event))
    assert (seen(row), row["event_count"], row["problem"]) == ({}, 1, "")


def test_events_of_one_payload_keep_their_distances() -> None:
    events = [change(SCROLL, 40), snapshot(0), change(MUTATION, 90), change(SCROLL, 60)]
    row = fact(packed(events))
    assert seen(row) == {
        "scrolls": [at(0), at(20)],
        "snapshots": [at(-40)],
        "mutations": [at(50)],
    }
    assert (row["started_at"], row["ended_at"], row["event_count"]) == (at(-40), at(50), 4)


@pytest.mark.parametrize("time", [None, "later", 1e30, -(10**15), 1.5e308])
def test_a_time_that_makes_no_sense_is_the_payloads_own(time: Any) -> None:
    row = fact(packed([snapshot(), change(SCROLL) | {"timestamp": time}]))
    assert seen(row) == {"snapshots": [at(0)], "scrolls": [at(0)]}


def test_an_empty_array_is_a_payload_without_events() -> None:
    row = fact(packed([]))
    assert (row["event_count"], row["problem"], row["data_size"]) == (0, "", 2)


def test_gzip_may_have_several_members() -> None:
    text = orjson.dumps(snapshot())
    row = fact(gzip.compress(text[:9]) + gzip.compress(text[9:]))
    assert (row["event_count"], row["data_size"]) == (1, len(text))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"{", "not JSON"),
        (b'"packed"', "not rrweb events"),
        (b"7", "not rrweb events"),
        (b"{}", "not rrweb events"),
        (b"[{}]", "not rrweb events"),
        (b"\x1f\x8b", "broken gzip"),
        (packed(snapshot())[:-9], "broken gzip"),
        (b"\x1f\x8b" + b"x" * 40, "broken gzip"),
        (gzip.compress(b"{", mtime=0), "not JSON"),
    ],
)
def test_a_payload_that_cannot_be_decoded_says_why(data: bytes, problem: str) -> None:
    row = fact(data)
    assert (row["problem"], row["event_count"], row["data_size"]) == (problem, 0, len(data))
    assert (row["started_at"], row["ended_at"], seen(row)) == (at(0), at(0), {})


def test_a_payload_that_inflates_without_end_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rrweb, "MAX_BYTES", 1000)
    assert fact(gzip.compress(b" " * 999 + b"[]"))["problem"] == "larger than 64 MiB when inflated"
    assert fact(gzip.compress(b" " * 998 + b"[]"))["problem"] == ""
    two = gzip.compress(b" " * 600)
    assert fact(two + two)["problem"] == "larger than 64 MiB when inflated"


@pytest.mark.parametrize(
    "text",
    [
        rb"\ud83d", rb"\udE00 x", rb"\u0000", b"\xed\xa0\xbd", b"caf\xe9", rb"\\ud83d \ud83d\ude00",
    ],
)  # fmt: skip
def test_a_letter_that_is_none_does_not_lose_a_recording(text: bytes) -> None:
    plain = b'\xef\xbb\xbf{"type":2,"timestamp":1,"data":{"title":"' + text + b'"}}'
    row = fact(plain)
    assert (seen(row), row["problem"]) == ({"snapshots": [at(0)]}, "")
    # What is served is JSON to strict readers as well, and has neither NUL nor half a pair.
    title = orjson.loads(repaired(plain))["data"]["title"]
    assert title.isprintable()


def test_what_is_no_letter_is_mended_and_nothing_else() -> None:
    whole = rb'{"a":"\\ud83d \\u0000 \ud83d\ude00 \"\n","\\":"\\"}'
    assert repaired(whole) == whole
    assert repaired(rb'{"a":"x\ud83d\u0000y\uDe00"}') == rb'{"a":"x\ufffdy\ufffd"}'
    assert repaired(b'{"a":"\xed\xa0\xbd"}') == '{"a":"\ufffd\ufffd\ufffd"}'.encode()


@pytest.mark.parametrize("depth", [100, 600, 3000, 4990])
def test_a_page_nested_deep_is_read_and_cut_off_it_is_not(depth: int) -> None:
    node = b'{"childNodes":[' * depth + b'"}]{"' + b"]}" * depth
    plain = b'[{"type":4},{"type":2,"data":{"node":' + node + b'},"timestamp":1}]'
    assert (fact(plain)["event_count"], len(fact(plain)["snapshots"])) == (2, 1)
    assert fact(plain[: len(plain) // 2])["problem"] == "not JSON"


def test_a_payload_nested_deeper_than_postgresql_reads_is_none() -> None:
    assert fact(b"[" * 10_001 + b"]" * 10_001)["problem"] == "nested too deep"
    assert fact(b"[" * 4_000_000)["problem"] == "nested too deep"


def test_many_small_members_take_no_square_of_time() -> None:
    """Each event compressed by itself: 100,000 members took minutes."""
    packed_alone = gzip.compress(b" ", mtime=0) * 100_000 + packed(snapshot())
    started = time.monotonic()
    assert fact(packed_alone)["event_count"] == 1
    assert time.monotonic() - started < 20


def test_payloads_are_numbered_by_time_and_id_and_tell_the_gap_before_them() -> None:
    long = packed([snapshot(), change(SCROLL, 500)])
    rows = facts(
        [
            payload(0, 1, long),
            payload(100, 3, packed(change(INPUT))),
            payload(100, 2, packed(change(INPUT))),
            payload(730, 4, packed(change(INPUT))),
        ]
    )
    assert [(row["event_id"], row["chunk_index"], row["gap_ms"]) for row in rows] == [
        (event_id(1), 0, None),
        (event_id(2), 1, 0),
        (event_id(3), 2, 0),
        (event_id(4), 3, 230),
    ]


@pytest.mark.parametrize("other", [{"session_id": event_id(0xB2)}, {"project_id": "two"}])
def test_each_session_is_numbered_alone(other: Row) -> None:
    rows = facts([payload(0, 1, b"[]"), payload(500, 1, b"[]", **other), payload(900, 2, b"[]")])
    found = [(row["event_id"], row["chunk_index"], row["gap_ms"]) for row in rows]
    alone = [(event_id(1), 0, None)]
    assert sorted(found, key=str) == sorted(
        [(event_id(1), 0, None), (event_id(2), 1, 900), *alone], key=str
    )
    assert {row["project_id"] for row in rows} <= {PROJECT, "two"}


RECORDINGS = st.lists(
    st.tuples(
        st.integers(0, 3000),
        st.lists(
            st.sampled_from([snapshot(), *(change(n, 10 * n) for n in range(17))]), max_size=4
        ),
        st.booleans(),
    ),
    max_size=8,
).map(
    lambda parts: [
        payload(offset, number, (packed if is_packed else orjson.dumps)(events))
        for number, (offset, events, is_packed) in enumerate(parts, start=1)
    ]
)


@settings(deadline=None, max_examples=30)
@given(rows=RECORDINGS, data=st.data())
def test_the_order_of_arrival_is_irrelevant(rows: list[Row], data: st.DataObject) -> None:
    assert facts(data.draw(st.permutations(rows))) == facts(rows)


@settings(deadline=None, max_examples=30)
@given(rows=RECORDINGS, shift_ms=st.integers(-(10**12), 2 * 10**12))
def test_shifting_all_times_shifts_the_result(rows: list[Row], shift_ms: int) -> None:
    shift = timedelta(milliseconds=shift_ms)

    def moved(row: Row) -> Row:
        times = {name: row[name] + shift for name in ("timestamp", "started_at", "ended_at")}
        return row | times | {kind: [time + shift for time in row[kind]] for kind in KINDS}

    shifted = [row | {"timestamp": row["timestamp"] + shift} for row in rows]
    assert facts(shifted) == [moved(row) for row in facts(rows)]


@settings(deadline=None, max_examples=30)
@given(rows=RECORDINGS)
def test_a_later_payload_changes_none_before_it(rows: list[Row]) -> None:
    late = payload(90_000, 99, packed(snapshot()))
    assert facts([*rows, late])[:-1] == facts(rows)
