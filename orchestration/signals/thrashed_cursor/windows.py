"""Scans one session's pointer samples for windows in which the cursor was thrashed."""

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
    latest_at = samples.at[end] - settings.min_window_ms
    for begin in range(earliest, end):
        # Later windows are shorter and turn less.
        if samples.at[begin] > latest_at:
            return None
        turned = samples.reversals[end] - samples.reversals[begin + 1]
        if turned < settings.min_reversals:
            return None
        window = _measured(samples, begin, end, turned)
        if _is_thrashed(window, settings):
            return window
    return None


def _measured(samples: Samples, begin: int, end: int, reversals: int) -> Window:
    across = samples.x[end] - samples.x[begin]
    down = samples.y[end] - samples.y[begin]
    return Window(
        begin=begin,
        end=end,
        duration_ms=samples.at[end] - samples.at[begin],
        reversals=reversals,
        path_px=samples.path[end] - samples.path[begin],
        displacement_px=hypot(across, down),
    )


def _is_thrashed(window: Window, settings: ThrashedCursorSettings) -> bool:
    """Time and reversals are known to do; a pointer back where it began has no bound on its way."""
    path = window.path_px * ROUNDING
    return (
        path * 1000 >= settings.min_speed_px_s * window.duration_ms
        and path >= settings.min_path_to_displacement * window.displacement_px
        and window.samples * 1000 >= settings.min_samples_per_s * window.duration_ms
    )
