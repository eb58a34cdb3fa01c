"""Packets are sent until ingest takes them; what cannot be helped by waiting ends the load."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from hxi.load import delivery
from hxi.load.delivery import IN_FLIGHT, Sent, deliver
from hxi.load.doors import Receipt
from hxi.load.errors import BatchRefusedError, IngestDownError, KeyRefusedError, NotNowError
from hxi.load.packets import Packet


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(delivery, "LAST_PAUSE_SECONDS", 0.01)


def packets(count: int) -> list[Packet]:
    return [
        Packet(b"", is_json=False, events=1, origin=f"message {number}") for number in range(count)
    ]


def taken(packet: Packet) -> Receipt:
    return Receipt(packet.origin, 1, 0)


class Failing:
    """Fails each packet's first tries."""

    def __init__(self, times: int, error: Callable[[], Exception]) -> None:
        self.left: dict[str, int] = {}
        self.times = times
        self.error = error

    def __call__(self, packet: Packet) -> Receipt:
        left = self.left.setdefault(packet.origin, self.times)
        if left:
            self.left[packet.origin] = left - 1
            raise self.error()
        return taken(packet)


def ids(sent: list[Sent]) -> set[str]:
    return {one.receipt.batch_id for one in sent if one.receipt}


def test_every_packet_is_taken_once_though_each_fails_twice() -> None:
    sent = list(deliver(packets(40), Failing(2, lambda: NotNowError("the spool is full"))))
    assert len(sent) == 40
    assert ids(sent) == {packet.origin for packet in packets(40)}
    assert not any(one.was_repeated for one in sent)


def test_a_lost_answer_is_remembered() -> None:
    lost = Failing(1, lambda: NotNowError("the connection broke", may_be_kept=True))
    assert [one.was_repeated for one in deliver(packets(1), lost)] == [True]


def test_a_refused_batch_is_told_with_its_place_and_the_others_go_on() -> None:
    def door(packet: Packet) -> Receipt:
        if packet.origin == "message 3":
            raise BatchRefusedError("not an EventBatch")
        return taken(packet)

    sent = list(deliver(packets(10), door))
    assert len(ids(sent)) == 9
    assert [one.refusal for one in sent if one.refusal] == ["message 3: not an EventBatch"]


def test_a_wrong_key_ends_the_load_at_once() -> None:
    tried: list[str] = []

    def door(packet: Packet) -> Receipt:
        tried.append(packet.origin)
        raise KeyRefusedError("ingest refuses the key")

    with pytest.raises(KeyRefusedError):
        list(deliver(packets(1_000), door))
    assert len(tried) <= 2 * IN_FLIGHT


def test_patience_ends_when_nothing_is_taken_for_so_long() -> None:
    started = time.monotonic()
    down = Failing(10**6, lambda: NotNowError("no connection", retry_after=60))
    with pytest.raises(IngestDownError, match=r"has taken nothing for 0 s.*load again"):
        list(deliver(packets(100), down, patience_seconds=0.2))
    assert 0.2 < time.monotonic() - started < 5


def test_a_slow_spool_is_waited_for_as_long_as_it_takes_something() -> None:
    """One packet is refused far longer than the patience while others pass."""
    opened_at = time.monotonic() + 0.6

    def door(packet: Packet) -> Receipt:
        if packet.origin == "message 20" and time.monotonic() < opened_at:
            raise NotNowError("the spool is full")
        time.sleep(0.02)
        return taken(packet)

    sent = list(deliver(packets(300), door, patience_seconds=0.2))
    assert len(ids(sent)) == 300


def test_several_are_under_way_but_never_more_than_the_bound() -> None:
    lock, now, most, read, ended = threading.Lock(), 0, 0, 0, 0

    def door(packet: Packet) -> Receipt:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.005)
        with lock:
            now -= 1
        return taken(packet)

    def source() -> Iterator[Packet]:
        nonlocal read
        for packet in packets(100):
            read += 1
            yield packet

    for _ in deliver(source(), door):
        ended += 1
        assert read - ended <= IN_FLIGHT
    assert ended == 100
    assert 2 <= most <= IN_FLIGHT
