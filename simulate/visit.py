"""One visit from entry to end: which pages, what happens on each, how it ends."""

from collections.abc import Sequence
from random import Random
from urllib.parse import urlencode, urlsplit

from gosight import events_pb2 as pb

from simulate import dirt, forms
from simulate.actions import ORDINARY, Action, View, error
from simulate.bursts import NO_RAGE, RAGE
from simulate.clicks import DEAD, ERROR, NO_ERROR, NOT_DEAD, thrash
from simulate.ending import end, without_views
from simulate.loading import SLOW, load, vitals
from simulate.people import Visitor
from simulate.plan import HOUR_MS
from simulate.recorder import Recorder
from simulate.site import ENTRIES, LINKS, PAGES, Place, place_on
from simulate.wire import part

U_TURN_MS = 10_000  # from a step to the return to the one before it
_LAST_PAGE_MS = HOUR_MS  # no page opens later than this into a visit
# Planned behaviours and near misses with their weights.
_SPECIALS: tuple[Sequence[Action], ...] = (
    RAGE,
    RAGE,
    NO_RAGE,
    DEAD,
    DEAD,
    NOT_DEAD,
    ERROR,
    ERROR,
    NO_ERROR,
    (thrash,),
)


def visit(rng: Random, visitor: Visitor, started_at: int, dirty: float = 0) -> Recorder:
    """Play one session; the recorder holds its events and its truth."""
    rec = Recorder(rng, visitor, started_at, dirty)
    if rng.random() < 0.02:
        without_views(rec)
        return rec
    rec.truth.channel, rec.truth.referrer_domain = visitor.came_from
    place = place_on(rng, _one_of(rng, ENTRIES))
    if rng.random() < 0.92 or visitor.campaign:
        place = _session_start(rec, place)
    referrer, arrived_from = visitor.referrer, ""
    pages = _page_count(rng)
    for left in range(pages - 1, -1, -1):
        hasty = left > 0 and _is_detour(rec, place)
        is_last = not left or rec.now - started_at > _LAST_PAGE_MS
        view = _open(rec, place, referrer)
        if hasty:
            referrer, place = place.url, _turn_back(rec, view)
            continue
        slow = _use(rec, view, place, arrived_from)
        if is_last:
            _close(rec, view, slow)
            break
        referrer, arrived_from = place.url, place.clean
        place = _go_on(rec, view, place, slow)
    end(rec)
    return rec


def _one_of(rng: Random, names: Sequence[str]) -> str:
    return names[int(rng.random() * len(names))]


def _page_count(rng: Random) -> int:
    """A third bounce; the others see 2 to 14 pages, most of them few."""
    pages = 1
    more = 0.66
    while pages < 14 and rng.random() < more:
        pages += 1
        more = 0.68
    return pages


def _session_start(rec: Recorder, place: Place) -> Place:
    """Write session_start; returns the entry as the browser has it, with the campaign's query."""
    visitor = rec.visitor
    start = pb.SessionStartPayload(is_new_user=visitor.is_new)
    if visitor.referrer:
        start.referrer_domain = urlsplit(visitor.referrer).hostname or ""
    if visitor.campaign:
        names = ("utm_source", "utm_medium", "utm_campaign")
        given = {name: value for name, value in zip(names, visitor.campaign, strict=True) if value}
        if visitor.campaign_by_url:
            place = Place(
                place.page,
                place.clean,
                place.path,
                f"?{urlencode(given, errors='surrogateescape')}",
                place.fragment,
            )
        rec.truth.utm = {name: _readable(value) for name, value in given.items()}
        if not visitor.campaign_by_url:
            for name, value in rec.truth.utm.items():
                setattr(start, name, value)
    start.entry_url = place.url
    rec.move_to(place, visitor.referrer)
    told = rec.truth.told
    told.is_new_user, told.country_code = visitor.is_new, visitor.locale[0]
    own = pb.Event(session_start=start, custom={"country_code": told.country_code})
    rec.emit(pb.EVENT_TYPE_SESSION_START, part(own))
    return place


def _readable(text: str) -> str:
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _is_detour(rec: Recorder, place: Place) -> bool:
    """Whether the visitor looks at `place` in passing and turns back to where they came from."""
    steps = rec.steps
    return bool(steps) and steps[-1][0].clean != place.clean and rec.rng.random() < 0.04


def _open(rec: Recorder, place: Place, referrer: str) -> View:
    rec.page_view(place, referrer)
    return View(rec.now)


def _use(rec: Recorder, view: View, place: Place, arrived_from: str) -> str | None:
    """All that happens on a page; returns what is slow about it, if anything."""
    rng = rec.rng
    slow = _one_of(rng, SLOW) if rng.random() < 0.03 else None
    if arrived_from not in ("", place.clean) and rng.random() < 0.01:
        rec.pause(50, 400)
        error(rec)  # soon after a click, but that click was on another page
    load(rec, view, place, slow)
    for action in _planned_actions(rng, len(rec.truth.views)):
        action(rec, view)
    _maybe_form(rec, view, PAGES[place.page].form)
    if rec.visitor.identifies and not rec.truth.user_id and rng.random() < 0.5:
        rec.pause(1_300, 4_000)
        rec.identify()
    return slow


def _planned_actions(rng: Random, nth_page: int) -> list[Action]:
    many = int(rng.random() * (5 if nth_page > 1 else 7))
    actions = [ORDINARY[int(rng.random() * len(ORDINARY))] for _ in range(many)]
    if rng.random() < 0.11:
        family = _SPECIALS[int(rng.random() * len(_SPECIALS))]
        actions.insert(int(rng.random() * (many + 1)), family[int(rng.random() * len(family))])
    return actions


def _maybe_form(rec: Recorder, view: View, name: str) -> None:
    if not name or view.form_used:
        return
    draw = rec.rng.random()
    if draw < 0.12:
        forms.use(rec, view, name)
    elif draw < 0.16:
        forms.abandon(rec, view, name)


def _close(rec: Recorder, view: View, slow: str | None) -> None:
    """The view's last words; one in ten is lost."""
    vitals(rec, view, slow)
    if rec.soils():
        dirt.odd_vitals(rec)
    if rec.soils():
        dirt.cut_off(rec)
    if rec.rng.random() < 0.9:
        rec.pause(5, 60)
        rec.page_exit(rec.now - view.opened_at, min(100, view.depth))
        if rec.rng.random() < 0.3:
            rec.emit(pb.EVENT_TYPE_PAGE_HIDDEN)  # left by a full navigation: the next opens visible


def _go_on(rec: Recorder, view: View, place: Place, slow: str | None) -> Place:
    """Close the view and go to the next page, by a link or otherwise; never a chance u-turn."""
    destination = place_on(rec.rng, _one_of(rec.rng, PAGES[place.page].leads_to))
    rec.pause(1_300, 5_000)
    steps = rec.steps
    if len(steps) > 1 and steps[-2][0].clean == destination.clean and not rec.submits_on_step:
        rec.now = max(rec.now, steps[-1][1] + U_TURN_MS)
        rec.pause(1, 2_000)
    rec.now = max(rec.now, view.loaded_at + 1)  # nothing may delay the answer to the click below
    if rec.rng.random() < 0.7:
        rec.click(LINKS[destination.page])
        rec.pause(1, 30)
    _close(rec, view, slow)
    rec.pause(40, 700)
    return destination


def _turn_back(rec: Recorder, view: View) -> Place:
    """A u-turn: within 10 s back to the step before; some take a millisecond more and are none."""
    (before, before_at), (_, here_at) = rec.steps[-2:]
    rec.pause(1_000, 9_000)
    rec.page_exit(rec.now - view.opened_at, 0)
    rec.pause(20, 200)
    draw = rec.rng.random()
    if draw < 0.2:
        rec.now = here_at + U_TURN_MS + (draw < 0.1)
    if draw >= 0.1:
        rec.plan("u_turn", before_at)
    return before
