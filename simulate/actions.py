"""Ordinary things visitors do on a page; none of them makes an insight.

Each action starts with more than a second's pause, so that clicks of two actions never join into a
burst and no chance error follows a click; each click on something interactive gets an answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gosight import events_pb2 as pb

from simulate.elements import BUTTONS, SURFACES
from simulate.recorder import Recorder
from simulate.wire import payload

_MESSAGES = (
    ("TypeError", "Cannot read properties of undefined (reading 'price')"),
    ("TypeError", "cart.items is not iterable"),
    ("ReferenceError", "dataLayer is not defined"),
    ("RangeError", "Invalid time value"),
)


@dataclass(slots=True)
class View:
    """The page view in progress. `loaded_at`: when its last load event is dated."""

    opened_at: int
    depth: int = 0
    loaded_at: int = 0
    form_used: bool = False


def error(rec: Recorder, kind: pb.EventType = pb.EVENT_TYPE_JS_ERROR) -> None:
    """An error event now."""
    name, message = _MESSAGES[int(rec.rng.random() * len(_MESSAGES))]
    line = 1 + int(rec.rng.random() * 900)
    raised = pb.JsErrorPayload(
        message=message,
        error_type=name,
        filename="https://shop.example.test/assets/app.js",
        lineno=line,
        colno=17,
        stack=f"{name}: {message}\n    at render (app.js:{line}:17)",
    )
    rec.emit(kind, payload(raised))


def custom(rec: Recorder, name: str) -> None:
    """A custom event now."""
    event = pb.CustomEventPayload(
        name=name, category="shop", properties={"variant": "b" if rec.rng.random() < 0.5 else "a"}
    )
    rec.emit(pb.EVENT_TYPE_CUSTOM, payload(event))


def call(rec: Recorder, method: str, path: str, query: str = "") -> int:
    """A request begun now with an everyday outcome; returns its status."""
    draw = rec.rng.random()
    status = 200
    if draw > 0.9:
        status = (201, 204, 301, 304, 400, 401, 404, 422, 429, 500, 502, 503, 0)[
            int((draw - 0.9) * 129.99)
        ]
    duration = min(20_000, int(rec.rng.lognormvariate(5.1, 0.8)))
    rec.request(method, path, status, duration, query)
    return status


def move(rec: Recorder) -> None:
    """A pointer's way in one direction, about ten samples a second; nothing without a mouse."""
    if not rec.visitor.device.is_desktop:
        return
    rng, way = rec.rng, pb.MouseMovePayload()
    x, y = int(rng.random() * rec.viewport[0] / 2), int(rng.random() * rec.viewport[1] / 2)
    step_x, step_y, elapsed = 8 + int(rng.random() * 60), int(rng.random() * 40), 0
    for _ in range(4 + int(rng.random() * 6)):
        way.positions.add(x=x, y=y, timestamp=elapsed)
        x, y, elapsed = x + step_x, y + step_y, elapsed + 60 + int(rng.random() * 80)
    rec.emit(pb.EVENT_TYPE_MOUSE_MOVE, payload(way))
    rec.now += elapsed


def scroll(rec: Recorder, view: View) -> None:
    """Scroll on, sometimes back; a quarter of the page reached is told as a milestone, too."""
    rng, before = rec.rng, view.depth
    if before >= 90 or rng.random() < 0.15:
        rec.scroll(max(0, before - 30), before)
        return
    overshoot = 4 if rng.random() < 0.02 else 0  # elastic ends report more than 100 %
    view.depth = min(100 + overshoot, before + 8 + int(rng.random() * 30))
    rec.scroll(view.depth, before)
    if view.depth // 25 > before // 25 and rng.random() < 0.4:
        rec.pause(1, 30)
        rec.scroll(min(100, view.depth // 25 * 25), before, milestone=True)


def read_on(rec: Recorder, view: View) -> None:
    """Scroll after a while."""
    rec.pause(1_300, 14_000)
    scroll(rec, view)


def wander(rec: Recorder, _view: View) -> None:
    """Move the pointer after a while."""
    rec.pause(1_300, 6_000)
    move(rec)


def press(rec: Recorder, view: View) -> None:
    """Click something interactive that answers in time."""
    rec.pause(1_300, 9_000)
    rec.click(BUTTONS[int(rec.rng.random() * len(BUTTONS))])
    rec.pause(5, 400)
    answer(rec, view)


def answer(rec: Recorder, view: View) -> None:
    """Something that shows that the page has taken a click: a request, a scroll, a custom event."""
    draw = rec.rng.random()
    if draw < 0.6:
        call(rec, "POST" if draw < 0.2 else "GET", "/api/cart" if draw < 0.3 else "/api/products")
    elif draw < 0.8:
        scroll(rec, view)
    else:
        custom(rec, "panel_opened")


def touch(rec: Recorder, _view: View) -> None:
    """Click something that looks like nothing; some double-click or use another button."""
    rec.pause(1_300, 8_000)
    surface = SURFACES[int(rec.rng.random() * len(SURFACES))]
    draw = rec.rng.random()
    if draw < 0.08:
        drawn = rec.click(surface, button=pb.MOUSE_BUTTON_RIGHT)
        rec.emit(pb.EVENT_TYPE_CONTEXT_MENU, drawn.click)
    elif draw < 0.18:
        rec.click(surface, (0, 0))
        rec.pause(90, 300)
        drawn = rec.click(surface, (1, 0))
        rec.emit(pb.EVENT_TYPE_DBLCLICK, drawn.click)
    else:
        rec.click(surface)


def mishap(rec: Recorder, _view: View) -> None:
    """An error that no click explains."""
    rec.pause(1_300, 9_000)
    draw = rec.rng.random()
    if draw < 0.45:
        error(rec)
    elif draw < 0.6:
        error(rec, pb.EVENT_TYPE_UNHANDLED_REJECTION)
    elif draw < 0.8:
        error(rec, pb.EVENT_TYPE_RESOURCE_ERROR)
    else:
        error(rec, pb.EVENT_TYPE_CONSOLE_ERROR)


def look_away(rec: Recorder, _view: View) -> None:
    """Another tab for a while; one in thirty leaves for more than half an hour."""
    rec.pause(1_300, 20_000)
    rec.emit(pb.EVENT_TYPE_PAGE_HIDDEN)
    if rec.rng.random() < 0.033:
        rec.pause(31 * 60_000, 40 * 60_000)
    else:
        rec.pause(2_000, 90_000)
    rec.emit(pb.EVENT_TYPE_PAGE_VISIBLE)


def aside(rec: Recorder, _view: View) -> None:
    """What happens without the visitor's doing: polls, long tasks, media, resizes."""
    rec.pause(1_300, 12_000)
    if rec.soils():
        odd = (-1 - int(rec.rng.random() * 9_000), 3_600_001)[rec.now % 2]
        rec.request("GET", "/api/recommendations", 200, 40, odd_ms=odd)
    draw = rec.rng.random()
    if draw < 0.5:
        call(rec, "GET", "/api/recommendations")
    elif draw < 0.7:
        custom(rec, "recommendation_seen")
    elif draw < 0.8:
        rec.emit(pb.EVENT_TYPE_WINDOW_RESIZE)
    elif draw < 0.9:
        rec.emit(pb.EVENT_TYPE_LONG_TASK, payload(pb.PerformancePayload()))
    else:
        rec.emit(pb.EVENT_TYPE_MEDIA_PLAY)


Action = Callable[[Recorder, View], None]
ORDINARY: tuple[Action, ...] = (
    *(read_on,) * 16,
    *(wander,) * 12,
    *(press,) * 9,
    *(touch,) * 6,
    *(aside,) * 5,
    mishap,
    look_away,
)
