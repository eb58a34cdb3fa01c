"""How visits end, and visits without a page view."""

from gosight import events_pb2 as pb

from simulate.actions import View, answer, mishap, read_on, wander
from simulate.elements import BUTTONS
from simulate.planned import Planned
from simulate.recorder import Recorder
from simulate.site import Place
from simulate.wire import payload

_EMBEDDED = (Place("help", "/help", "/help"), Place("pricing", "/pricing", "/pricing/"))

REASONS = (
    (pb.SESSION_END_REASON_CLOSE, "close"),
    (pb.SESSION_END_REASON_TIMEOUT, "timeout"),
    (pb.SESSION_END_REASON_NAVIGATION, "navigation"),
)


def end(rec: Recorder) -> None:
    """Said goodbye, hidden, cut off, or cut off right after a click (too soon to judge it)."""
    draw = rec.rng.random()
    if draw < 0.6:
        rec.now = max(rec.now, rec.last_at)
        rec.pause(5, 200)
        _say_goodbye(rec)
    elif draw < 0.75:
        rec.pause(5, 200)
        rec.emit(pb.EVENT_TYPE_PAGE_HIDDEN)
    elif draw < 0.78:
        rec.now = max(rec.now, rec.last_at)
        rec.pause(1_300, 3_000)
        rec.click(BUTTONS[0])
        dead = Planned("dead_click", rec.now, rec.place.clean, BUTTONS[0].selector)
        rec.unjudged.append(dead)


def _say_goodbye(rec: Recorder) -> None:
    truth = rec.truth
    reason, truth.told.end_reason = REASONS[int(rec.rng.random() * len(REASONS))]
    goodbye = pb.SessionEndPayload(
        duration_ms=rec.now - truth.started_at,
        page_count=len(truth.views),
        event_count=truth.event_types.total() + 1,
        end_reason=reason,
    )
    rec.emit(pb.EVENT_TYPE_SESSION_END, payload(goodbye))


def without_views(rec: Recorder) -> None:
    """An embedded widget: it acts on its host's page and never tells of a page view."""
    for _ in range(1 + int(rec.rng.random() * 2)):
        rec.move_to(_EMBEDDED[int(rec.rng.random() * 2)], "")
        view = View(rec.now)
        wander(rec, view)
        read_on(rec, view)
        if rec.rng.random() < 0.5:
            rec.pause(1_300, 4_000)
            rec.click(BUTTONS[3])
            rec.pause(20, 400)
            answer(rec, view)
        if rec.rng.random() < 0.2:
            mishap(rec, view)
        rec.now = max(rec.now, rec.last_at)
    end(rec)
