"""Planned dead and error clicks, thrashed cursors, and clicks that only look like them.

Dead: a left click on something interactive with no page, request (by its beginning), input, form,
scroll, custom or session_end event in the 2500 ms after it, while the session goes on.
Error: a js_error or unhandled_rejection 0-1000 ms after the latest left click on the same path.
"""

from gosight import events_pb2 as pb

from simulate.actions import Action, View, answer, custom, error, move, scroll
from simulate.elements import BUTTONS, NATIVE, OUTBOUND, SURFACES, Element
from simulate.recorder import Recorder
from simulate.wire import payload

_REJECTION = pb.EVENT_TYPE_UNHANDLED_REJECTION


def _button(rec: Recorder) -> Element:
    return BUTTONS[int(rec.rng.random() * len(BUTTONS))]


def _silence(rec: Recorder, view: View, since: int) -> None:
    """Nothing that answers for more than 2.5 s, then the visit goes on."""
    if rec.rng.random() < 0.3:
        rec.pause(100, 500)
        move(rec)
    exact = rec.rng.random() < 0.1
    rec.now = max(rec.now, since + 2_501)
    if not exact:
        rec.pause(0, 3_000)
    scroll(rec, view)


def dead(rec: Recorder, view: View) -> None:
    """A click, or two, that nothing answers."""
    rec.pause(1_300, 4_000)
    element = _button(rec)
    for _ in range(2 if rec.rng.random() < 0.2 else 1):
        rec.click(element)
        rec.plan("dead_click", rec.now, element.selector)
        since = rec.now
        rec.pause(300, 800)
    _silence(rec, view, since)


def dead_beside_request(rec: Recorder, view: View) -> None:
    """A request ends in the window but began before the click: no answer to it."""
    rec.pause(1_300, 4_000)
    rec.request("GET", "/api/recommendations", 200, 900 + int(rec.rng.random() * 600))
    rec.pause(100, 400)
    element = _button(rec)
    rec.click(element)
    rec.plan("dead_click", rec.now, element.selector)
    _silence(rec, view, rec.now)


def dead_with_error(rec: Recorder, view: View) -> None:
    """Nothing but an error follows: an error click, and the dead one is charged to it."""
    rec.pause(1_300, 4_000)
    element = _button(rec)
    rec.click(element)
    clicked_at = rec.now
    rec.pause(20, 1_000)
    error(rec)
    rec.plan("error_click", clicked_at, element.selector)
    rec.plan("dead_click", clicked_at, element.selector, charged=False)
    _silence(rec, view, clicked_at)


def answered_late(rec: Recorder, view: View) -> None:
    """The answer comes in the window's last 100 ms, often in its last one."""
    rec.pause(1_300, 4_000)
    rec.click(_button(rec))
    rec.pause(2_500 if rec.rng.random() < 0.5 else 2_400, 2_500)
    scroll(rec, view)


def answered_by_slow_request(rec: Recorder, view: View) -> None:
    """The request begins at once and ends seconds after the window."""
    rec.pause(1_300, 4_000)
    rec.click(_button(rec))
    rec.pause(5, 60)
    duration = 3_000 + int(rec.rng.random() * 3_000)
    rec.request("POST", "/api/cart", 504 if duration > 5_500 else 200, duration)
    rec.now += duration
    rec.pause(100, 900)
    scroll(rec, view)


def answered_by_tab_change(rec: Recorder, _view: View) -> None:
    """The click opens another tab."""
    rec.pause(1_300, 4_000)
    rec.click(_button(rec))
    rec.pause(80, 900)
    rec.emit(pb.EVENT_TYPE_PAGE_HIDDEN)
    rec.pause(3_000, 30_000)
    rec.emit(pb.EVENT_TYPE_PAGE_VISIBLE)


def needs_no_answer(rec: Recorder, view: View) -> None:
    """Silence after what the browser answers, plain content, or another button of the mouse."""
    rec.pause(1_300, 4_000)
    draw = rec.rng.random()
    if draw < 0.3:
        rec.click(OUTBOUND)
    elif draw < 0.6:
        rec.click(NATIVE[int(rec.rng.random() * len(NATIVE))])
    elif draw < 0.8:
        rec.click(SURFACES[0])
    else:
        rec.click(_button(rec), button=pb.MOUSE_BUTTON_MIDDLE)
    _silence(rec, view, rec.now)


def error_on_press(rec: Recorder, view: View) -> None:
    """A button that fails with one to three errors, and answers."""
    rec.pause(1_300, 4_000)
    element = _button(rec)
    rec.click(element)
    clicked_at, errors = rec.now, 1 + int(rec.rng.random() * 3)
    for n in range(errors):
        rec.pause(10, 330)
        error(rec, _REJECTION if n == 1 else pb.EVENT_TYPE_JS_ERROR)
    rec.plan("error_click", clicked_at, element.selector, errors)
    rec.pause(50, 400)
    answer(rec, view)


def error_at_last_moment(rec: Recorder, view: View) -> None:
    """Two clicks, then an error exactly 1000 ms after the second: only that one is tied to it."""
    rec.pause(1_300, 4_000)
    element = SURFACES[int(rec.rng.random() * len(SURFACES))]
    rec.click(element)
    rec.pause(200, 900)
    rec.click(element)
    clicked_at = rec.now
    rec.pause(1_000, 1_000)
    error(rec, _REJECTION if rec.rng.random() < 0.3 else pb.EVENT_TYPE_JS_ERROR)
    rec.plan("error_click", clicked_at, element.selector)
    rec.pause(300, 1_500)
    scroll(rec, view)


def error_too_late(rec: Recorder, view: View) -> None:
    """1001 ms or more after the click."""
    rec.pause(1_300, 4_000)
    rec.click(_button(rec))
    rec.pause(1_001, 1_001 if rec.rng.random() < 0.5 else 1_500)
    error(rec)
    rec.pause(50, 300)
    custom(rec, "recovered")
    rec.pause(100, 500)
    scroll(rec, view)


def error_of_other_kind(rec: Recorder, view: View) -> None:
    """Console and resource errors, and an error after a right click, are no error clicks."""
    rec.pause(1_300, 4_000)
    if rec.rng.random() < 0.3:
        rec.click(SURFACES[2], button=pb.MOUSE_BUTTON_RIGHT)
        rec.pause(30, 900)
        error(rec)
        return
    rec.click(_button(rec))
    rec.pause(30, 900)
    resource = rec.rng.random() < 0.5
    error(rec, pb.EVENT_TYPE_RESOURCE_ERROR if resource else pb.EVENT_TYPE_CONSOLE_ERROR)
    rec.pause(50, 300)
    answer(rec, view)


def thrash(rec: Recorder, view: View) -> None:
    """Twenty sweeps of 200 px and more in 2.2 s: enough for one thrashed cursor, not for two."""
    if not rec.visitor.device.is_desktop:
        return
    rec.pause(1_300, 4_000)
    way = pb.MouseMovePayload()
    for n in range(21):
        left = 300 + int(rec.rng.random() * 40)
        way.positions.add(
            x=left + (260 if n % 2 else 0), y=300 + int(rec.rng.random() * 12), timestamp=n * 110
        )
    rec.emit(pb.EVENT_TYPE_MOUSE_MOVE, payload(way))
    rec.plan("thrashed_cursor", rec.now)
    rec.now += 20 * 110
    rec.pause(300, 1_500)
    scroll(rec, view)


DEAD: tuple[Action, ...] = (dead, dead, dead, dead_beside_request, dead_with_error)
NOT_DEAD: tuple[Action, ...] = (
    answered_late,
    answered_by_slow_request,
    answered_by_tab_change,
    needs_no_answer,
)
ERROR: tuple[Action, ...] = (error_on_press, error_on_press, error_at_last_moment)
NO_ERROR: tuple[Action, ...] = (error_too_late, error_of_other_kind)
