"""Scans one session's pointer samples for windows in which the cursor was thrashed."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from orchestration.signals.thrashed_cursor.schema import ThrashedCursorSettings

# Sums of square roots: a ratio that is exactly at its bound must not fall below it by rounding.
ROUNDING = 1 + 1e-9


@dataclass(frozen=True)
class Samples:
    """One session's samples in order. `path` and `reversals` are sums up to and with a sample.

    A reversal counts at the sample that ends its second leg. Times in ms, places in px. At most one
    sample a millisecond, so that a window holds a bounded number of them.
    """

    at: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    path: NDArray[np.float64]
    reversals: NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """Samples `begin` to `end`, both in it."""

    begin: int
    end: int
    duration_ms: int
    reversals: int
    path_px: float
    displacement_px: float

    @property
    def samples(self) -> int:
        return self.end - self.begin + 1


def windows(samples: Samples, settings: ThrashedCursorSettings) -> Iterator[Window]:
    """Disjoint windows, left to right: each is the first to be complete after the one before.

    Of those complete at the same sample it is the longest.
    """
    begin = 0
    earliest = np.searchsorted(samples.at, samples.at - settings.max_window_ms)
    for end, reached in enumerate(earliest.tolist()):
        begin = max(begin, reached)
        window = _ending_at(samples, begin, end, settings)
        if window is not None:
            yield window
            begin = end + 1


def _ending_at(
    samples: Samples, earliest: int, end: int, settings: ThrashedCursorSettings
) -> Window | None:
    # Later windows are shorter and turn less.
    latest = bisect_right(samples.at, samples.at[end] - settings.min_window_ms, earliest, end)
    turned_before = samples.reversals[end] - settings.min_reversals
    latest = min(latest, bisect_right(samples.reversals, turned_before, earliest, end) - 1)
    if latest <= earliest:
        return None
    begins = slice(earliest, latest)
    way = (samples.path[end] - samples.path[begins]) * ROUNDING
    duration = samples.at[end] - samples.at[begins]
    across, down = samples.x[end] - samples.x[begins], samples.y[end] - samples.y[begins]
    count = end + 1 - np.arange(earliest, latest)
    is_thrashed = (
        # A pointer back where it began has no bound on its way.
        (way * way >= settings.min_path_to_displacement**2 * (across * across + down * down))
        & (way * 1000 >= settings.min_speed_px_s * duration)
        & (count * 1000 >= settings.min_samples_per_s * duration)
    )
    return (
        _measured(samples, earliest + int(is_thrashed.argmax()), end) if is_thrashed.any() else None
    )


def _measured(samples: Samples, begin: int, end: int) -> Window:
    return Window(
        begin=begin,
        end=end,
        duration_ms=int(samples.at[end] - samples.at[begin]),
        reversals=int(samples.reversals[end] - samples.reversals[begin + 1]),
        path_px=float(samples.path[end] - samples.path[begin]),
        displacement_px=hypot(samples.x[end] - samples.x[begin], samples.y[end] - samples.y[begin]),
    )
