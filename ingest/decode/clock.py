"""Clocks of devices: wrong ones are told by when a batch says it was sent, and put right."""

from collections import OrderedDict
from threading import Lock

from gosight.events_pb2 import Event

MAX_SKEW_MS = 60_000
"""So far apart two right clocks and the way between them may be."""
SAME_CLOCK_MS = 30 * 60_000
"""Skews of a session so far apart are of one clock: requests wait on their way, clocks do not."""
MAX_CLOCKS = 100_000
"""Sessions whose wrong clocks are remembered: some 20 MB."""
# No clock says more, and moved it still fits its field.
LATEST_MS = 2**62


class Clocks:
    """The skew of each session's clock, as its first batch told it; of this process alone.

    One clock has one skew, but each batch's way takes its own time: moved each by its own
    difference, the batches of a session would be torn apart or pushed into one another.
    """

    def __init__(self) -> None:
        self._skews: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lock = Lock()

    def skew(self, project_id: str, session_id: str, sent_at: int, received_at: int) -> int:
        """What moves a batch of the session, in ms; 0 where its clock is right or tells nothing."""
        told = skew_of(sent_at, received_at)
        if not told:
            return 0
        key = (project_id, session_id)
        with self._lock:
            first = self._skews.get(key, told)
            if abs(first - told) > SAME_CLOCK_MS:  # it was set in between
                first = told
            self._skews[key] = first
            self._skews.move_to_end(key)
            if len(self._skews) > MAX_CLOCKS:
                self._skews.popitem(last=False)
        return first


def skew_of(sent_at: int, received_at: int) -> int:
    """How far behind the device's clock is, in ms; 0 where it is right or `sent_at` is not known.

    What was queued while offline keeps its right times, because `sent_at` is of the sending.
    """
    skew = received_at - sent_at if sent_at else 0
    return skew if abs(skew) > MAX_SKEW_MS else 0


def move(event: Event, by_ms: int) -> None:
    """A time that is not set stays so, as does one that no clock can have."""
    if 0 < event.timestamp.millis < LATEST_MS:
        event.timestamp.millis += by_ms
