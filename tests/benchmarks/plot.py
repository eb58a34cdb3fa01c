"""A curve as SVG, its axes logarithmic where all values allow it: cost in step is a diagonal."""

from collections.abc import Callable, Sequence
from math import log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 480, 260, 70, 40, 30, 40
Point = tuple[float, float]
INK, FRAME = "#1f6feb", "#888"
TICKS = 4


def drawn(title: str, over: str, points: Sequence[Point]) -> str:
    """One line with its points, their values on the axes."""
    x = _scale([one for one, _ in points], LEFT, WIDTH - RIGHT)
    y = _scale([one for _, one in points], HEIGHT - BOTTOM, TOP)
    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
    marks = "".join(
        f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{INK}"/>' for a, b in points
    )
    below, beside = HEIGHT - BOTTOM, LEFT - 6
    labels = "".join(_label(x(a), below + 16, a, "middle") for a, _ in _few(points))
    labels += "".join(_label(beside, y(b) + 4, b, "end") for _, b in _few(points))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
        ' font-family="sans-serif" font-size="11">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<text x="{LEFT}" y="18" font-size="13">{escape(title)}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(over)}</text>'
        f'<path d="M{LEFT} {TOP}V{below}H{WIDTH - RIGHT}" fill="none" stroke="{FRAME}"/>'
        f'<polyline points="{path}" fill="none" stroke="{INK}" stroke-width="2"/>{marks}{labels}'
        "</svg>\n"
    )


def _few(points: Sequence[Point]) -> Sequence[Point]:
    """First and last among them: labels of more would lie over each other."""
    step = max(1, (len(points) - 1) // TICKS)
    return [*points[:-1:step], points[-1]]


def _scale(values: Sequence[float], first: float, last: float) -> Callable[[float], float]:
    """From values to places; one value alone is in the middle."""
    measure = log10 if min(values) > 0 else float
    low, high = measure(min(values)), measure(max(values))
    if high == low:
        return lambda _: (first + last) / 2
    return lambda value: first + (last - first) * (measure(value) - low) / (high - low)


def _label(x: float, y: float, value: float, anchor: str) -> str:
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
