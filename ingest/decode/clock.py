"""Clocks of devices: wrong ones are told by when a batch says it was sent, and put right."""

from gosight.events_pb2 import Event

MAX_SKEW_MS = 60_000
"""So far apart two right clocks and the way between them may be."""
# No clock says more, and moved it still fits its field.
LATEST_MS = 2**62


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
