"""Planned rage clicks, and bursts that miss the rule by a hair.

Rule: at least 3 left clicks on one path and selector, each at most 1000 ms after the one before and
at most 50 px from the first; not on text inputs.
"""

from gosight import events_pb2 as pb

from simulate.actions import Action, View, call, error, scroll
from simulate.elements import BUTTONS, SURFACES, Element
from simulate.recorder import Recorder
from simulate.site import FORMS

_CLOSE = (
    (0, 0),
    (6, -4),
    (-12, 9),
    (30, 40),
    (-3, 2),
    (48, -14),
    (0, 50),
    (-7, -7),
    (20, 1),
)  # <= 50 px


def _pick(rec: Recorder, elements: tuple[Element, ...]) -> Element:
    return elements[int(rec.rng.random() * len(elements))]


def _burst(rec: Recorder, element: Element, clicks: int, longest_gap: int) -> list[int]:
    """`clicks` clicks that make one burst; returns their times."""
    times: list[int] = []
    for n in range(clicks):
        if n:
            widest = n == 1 and rec.rng.random() < 0.1
            rec.pause(longest_gap if widest else 80, longest_gap)
        rec.click(element, _CLOSE[n % len(_CLOSE)])
        times.append(rec.now)
    return times


def rage_on_surface(rec: Recorder, view: View) -> None:
    """On something not interactive; every third ends in an error, which costs nothing more."""
    rec.pause(1_300, 4_000)
    element = _pick(rec, SURFACES)
    times = _burst(rec, element, 3 + int(rec.rng.random() * 6), 1_000)
    rec.plan("rage_click", times[0], element.selector, len(times))
    if rec.rng.random() < 0.33:
        rec.pause(20, 900)
        error(rec)
        rec.plan("error_click", times[-1], element.selector, charged=False)
    rec.pause(300, 2_000)
    scroll(rec, view)


def rage_on_dead_button(rec: Recorder, view: View) -> None:
    """On a button that never answers: each click is a dead one, too, charged to the burst."""
    rec.pause(1_300, 4_000)
    element = _pick(rec, BUTTONS)
    times = _burst(rec, element, 3 + int(rec.rng.random() * 5), 600)
    rec.plan("rage_click", times[0], element.selector, len(times))
    for at in times:
        rec.plan("dead_click", at, element.selector, charged=False)
    rec.pause(2_501, 5_000)
    scroll(rec, view)


def rage_with_answer(rec: Recorder, view: View) -> None:
    """On a slow button that asks the server within 2.5 s of the first click."""
    rec.pause(1_300, 4_000)
    element = _pick(rec, BUTTONS)
    times = _burst(rec, element, 3 + int(rec.rng.random() * 3), 400)
    rec.plan("rage_click", times[0], element.selector, len(times))
    rec.pause(50, 400)
    if rec.rng.random() < 0.7:
        call(rec, "POST", "/api/cart")
    else:
        scroll(rec, view)


def miss_by_count(rec: Recorder, view: View) -> None:
    """Two clicks only."""
    rec.pause(1_300, 4_000)
    _burst(rec, _pick(rec, SURFACES), 2, 600)
    rec.pause(1_200, 2_000)
    scroll(rec, view)


def miss_by_gap(rec: Recorder, view: View) -> None:
    """The third click comes 1001 ms or more after the second."""
    rec.pause(1_300, 4_000)
    element = _pick(rec, SURFACES)
    _burst(rec, element, 2, 500)
    rec.pause(1_001, 1_001 if rec.rng.random() < 0.5 else 1_300)
    rec.click(element, (2, 2))
    rec.pause(1_200, 2_000)
    scroll(rec, view)


def miss_by_distance(rec: Recorder, view: View) -> None:
    """The third click lies 51 px from the first."""
    rec.pause(1_300, 4_000)
    element = _pick(rec, SURFACES)
    for offset in ((0, 0), (10, 5), (51, 0)):
        rec.pause(120, 500)
        rec.click(element, offset)
    rec.pause(1_200, 2_000)
    scroll(rec, view)


def miss_by_selector(rec: Recorder, view: View) -> None:
    """Four fast clicks, two on each of two elements."""
    rec.pause(1_300, 4_000)
    for n in range(4):
        rec.click(SURFACES[n % 2], (0, 0))
        rec.pause(120, 400)
    rec.pause(1_200, 2_000)
    scroll(rec, view)


def miss_by_button(rec: Recorder, view: View) -> None:
    """Left, right, left."""
    rec.pause(1_300, 4_000)
    element = _pick(rec, SURFACES)
    for button in (pb.MOUSE_BUTTON_LEFT, pb.MOUSE_BUTTON_RIGHT, pb.MOUSE_BUTTON_LEFT):
        rec.click(element, (3, 3), button)
        rec.pause(100, 300)
    rec.pause(1_200, 2_000)
    scroll(rec, view)


def miss_by_text_input(rec: Recorder, _view: View) -> None:
    """A triple click that marks what stands in a text field."""
    rec.pause(1_300, 4_000)
    field = FORMS["search"].fields[0]
    _burst(rec, field, 3, 300)
    rec.emit(pb.EVENT_TYPE_INPUT_FOCUS, field.drawn(rec.viewport[0]).focus)


RAGE: tuple[Action, ...] = (rage_on_surface, rage_on_surface, rage_on_dead_button, rage_with_answer)
NO_RAGE: tuple[Action, ...] = (
    miss_by_count,
    miss_by_gap,
    miss_by_distance,
    miss_by_selector,
    miss_by_button,
    miss_by_text_input,
)
