"""Builds mouse_move events whose pointer goes to and fro."""

from typing import Any

from tests.unit.signals.signal_events import Row, event

Sample = tuple[int, int, int]
"""Milliseconds after the event, x and y in px."""


def move(offset_ms: int, number: int, samples: list[Sample], **columns: Any) -> Row:
    return event(
        "mouse_move",
        offset_ms,
        number,
        move_t=[at for at, _, _ in samples],
        move_x=[x for _, x, _ in samples],
        move_y=[y for _, _, y in samples],
        **columns,
    )


def to_and_fro(
    samples: int = 20, every_ms: int = 110, leg_px: int = 100, begin_ms: int = 0, left_px: int = 0
) -> list[Sample]:
    """Sweeps along a line: samples - 1 legs and samples - 2 reversals."""
    return [
        (begin_ms + n * every_ms, left_px + (leg_px if n % 2 else 0), 300) for n in range(samples)
    ]
