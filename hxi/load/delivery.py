"""Sends packets, several at a time, and again until ingest takes them or stays away too long."""

import random
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice

from hxi.load.doors import OpenDoor, Receipt
from hxi.load.errors import BatchRefusedError, IngestDownError, NotNowError
from hxi.load.packets import Packet

IN_FLIGHT = 8
# The first packets go one after the other: a small file keeps its order, which decides between
# events that were given one id.
IN_ORDER = 16
# Without a single batch taken; a spool that drains slowly is therefore no reason to stop.
PATIENCE_SECONDS = 120.0
FIRST_PAUSE_SECONDS = 0.1
LAST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One packet's end: a receipt, or the reason why ingest refused the whole of it.

    `was_repeated` after a lost answer: the batch may be in ingest twice, once under an unknown id.
    """

    packet: Packet
    receipt: Receipt | None
    refusal: str = ""
    was_repeated: bool = False


def deliver(
    packets: Iterable[Packet], door: OpenDoor, patience_seconds: float = PATIENCE_SECONDS
) -> Iterator[Sent]:
    """One `Sent` a packet, in the order of the answers; holds `IN_FLIGHT` packets at most.

    Raises what `packets` or `door` raises, IngestDownError when patience ends.
    """
    sender = _Sender(door, patience_seconds)
    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="load") as pool:
        try:
            under_way: set[Future[Sent]] = set()
            packets = iter(packets)
            for packet in islice(packets, IN_ORDER):
                yield sender.send(packet)
            for packet in packets:
                under_way.add(pool.submit(sender.send, packet))
                if len(under_way) >= IN_FLIGHT:
                    ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    yield from [future.result() for future in ended]
            while under_way:
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from [future.result() for future in ended]
        finally:
            sender.stopped.set()


class _Sender:
    def __init__(self, door: OpenDoor, patience_seconds: float) -> None:
        self._door = door
        self._patience_seconds = patience_seconds
        self._last_taken = time.monotonic()
        self.stopped = threading.Event()

    def send(self, packet: Packet) -> Sent:
        pause, was_repeated = FIRST_PAUSE_SECONDS, False
        while True:
            try:
                receipt = self._door(packet)
            except BatchRefusedError as refusal:
                return Sent(packet, None, f"{packet.origin}: {refusal}", was_repeated)
            except NotNowError as error:
                was_repeated |= error.may_be_kept
                self._wait(max(pause, min(error.retry_after, LAST_PAUSE_SECONDS)), error)
                pause = min(2 * pause, LAST_PAUSE_SECONDS)
            else:
                self._last_taken = time.monotonic()
                return Sent(packet, receipt, was_repeated=was_repeated)

    def _wait(self, seconds: float, error: NotNowError) -> None:
        """Raises when there is nothing more to wait for."""
        patience_ended = time.monotonic() - self._last_taken > self._patience_seconds
        # Spread, so that those refused together do not come back together.
        if patience_ended or self.stopped.wait(seconds * (0.5 + random.random() / 2)):
            raise IngestDownError(
                f"ingest has taken nothing for {self._patience_seconds:.0f} s ({error}): "
                "see `hxi status`, then load again; what was taken counts as duplicate"
            ) from error
