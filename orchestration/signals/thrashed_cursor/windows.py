"""Scans one session's pointer samples for windows in which the cursor was thrashed."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot

from orchestration.signals.thrashed_cursor.schema import ThrashedCursorSettings

# Sums of square roots: a ratio that is exactly at its bound must not fall below it by rounding.
ROUNDING = 1 + 1e-9


@dataclass(frozen=True)
class Samples:
    """One session's samples in order. `path` and `reversals` are sums up to and with a sample.

    A reversal counts at the sample that ends its second leg. Times in ms, places in px.
    """

    at: list[int]
    x: list[int]
    y: list[int]
    path: list[float]
    reversals: list[int]


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
    for end, now in enumerate(samples.at):
        while now - samples.at[begin] > settings.max_window_ms:
            begin += 1
        window = _ending_at(samples, begin, end, settings)
        if window is not None:
            yield window
            begin = end + 1


def _ending_at(
    samples: Samples, earliest: int, end: int, settings: ThrashedCursorSettings
) -> Window | None:
    """Plain numbers only: a restless hand at 60 samples a second is asked this 200 times each."""
    # Later windows are shorter and turn less.
    latest = bisect_right(samples.at, samples.at[end] - settings.min_window_ms, earliest, end)
    turned_before = samples.reversals[end] - settings.min_reversals
    latest = min(latest, bisect_right(samples.reversals, turned_before, earliest, end) - 1)
    at, x, y, path = samples.at[end], samples.x[end], samples.y[end], samples.path[end]
    ratio_squared = settings.min_path_to_displacement**2
    for begin in range(earliest, latest):
        way, duration = (path - samples.path[begin]) * ROUNDING, at - samples.at[begin]
        across, down = x - samples.x[begin], y - samples.y[begin]
        if (
            # A pointer back where it began has no bound on its way.
            way * way >= ratio_squared * (across * across + down * down)
            and way * 1000 >= settings.min_speed_px_s * duration
            and (end - begin + 1) * 1000 >= settings.min_samples_per_s * duration
        ):
            return _measured(samples, begin, end)
    return None


def _measured(samples: Samples, begin: int, end: int) -> Window:
    return Window(
        begin=begin,
        end=end,
        duration_ms=samples.at[end] - samples.at[begin],
        reversals=samples.reversals[end] - samples.reversals[begin + 1],
        path_px=samples.path[end] - samples.path[begin],
        displacement_px=hypot(samples.x[end] - samples.x[begin], samples.y[end] - samples.y[begin]),
    )
