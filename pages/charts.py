"""Lines, bars and streams as SVG: coordinates only, colours and sizes are the style sheet's.

Drawn here, not by a library in the browser: a chart is then there without a script, in print and in
a report, and a policy without inline styles holds (docs/decisions).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH, HEIGHT = 1000, 200
Value = float | None


@dataclass(frozen=True)
class Line:
    """Paths in a box of WIDTH x HEIGHT; `ticks` from the top of the box to its bottom."""

    path: str
    area: str
    before: str
    ticks: tuple[float, ...]
    points: tuple[tuple[float, float], ...]


def line(now: Sequence[Value], before: Sequence[Value] = (), *, of_100: bool = False) -> Line:
    """A line from 0 up. Days without a value are gaps; `before` is of the same number of days.

    A score `of_100` is drawn from the ten below its least value to 100, and without an area, which
    would look like a part of something.
    """
    values = [v for v in (*now, *before) if v is not None]
    bottom = max(0, 10 * floor(min(values, default=0) / 10) - 10) if of_100 else 0
    top = 100 if of_100 else nice_top(max(values, default=0))
    points = [_point(i, v, len(now), (bottom, top)) for i, v in enumerate(now) if v is not None]
    return Line(
        path=_path(now, (bottom, top)),
        area="" if bottom else _area(points),
        before=_path(before, (bottom, top)),
        ticks=(top, (top + bottom) / 2, bottom),
        points=tuple(points),
    )


def nice_top(greatest: float) -> float:
    """The least of 1, 2, 2.5, 5 or 10 times a power of ten that is not below."""
    if greatest <= 0:
        return 1
    power = 10 ** floor(log10(greatest))
    step = next(n for n in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if n * power >= greatest * 0.999999)
    return float(step * power)


def share(value: float, greatest: float) -> float:
    """Of 100, for a bar; something is never nothing."""
    return 0 if greatest <= 0 or value <= 0 else max(1, round(100 * value / greatest, 2))


def histogram(values: Sequence[float], height: int = 100) -> list[tuple[int, float]]:
    """Top and height of bars of a histogram in a box that is `height` high."""
    top = max(values, default=0) or 1
    return [(ceil(height - height * v / top), height * v / top) for v in values]


def _point(index: int, value: float, count: int, span: tuple[float, float]) -> tuple[float, float]:
    bottom, top = span
    x = WIDTH / 2 if count == 1 else WIDTH * index / (count - 1)
    return round(x, 1), round(HEIGHT - HEIGHT * (value - bottom) / (top - bottom), 1)


def _path(values: Sequence[Value], span: tuple[float, float]) -> str:
    """One stroke a run of days with values."""
    parts, is_drawing = [], False
    for index, value in enumerate(values):
        if value is not None:
            x, y = _point(index, value, len(values), span)
            parts.append(f"{'L' if is_drawing else 'M'}{x} {y}")
        is_drawing = value is not None
    return "".join(parts)


def _area(points: Sequence[tuple[float, float]]) -> str:
    if len(points) < 2:
        return ""
    along = "".join(f"L{x} {y}" for x, y in points)
    return f"M{points[0][0]} {HEIGHT}{along}L{points[-1][0]} {HEIGHT}Z"
