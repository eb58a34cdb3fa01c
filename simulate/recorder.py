"""Writes one session's events and counts each into the session's truth as it is written."""

from random import Random

from gosight import events_pb2 as pb
from gosight.common_pb2 import PageContext
from gosight.replay_pb2 import ReplayEventPayload

from simulate.elements import Drawn, Element
from simulate.people import Visitor, new_uuid
from simulate.planned import Call, Planned, View
from simulate.site import ORIGIN, PAGES, Place
from simulate.truth import ERROR_TYPES, EVENT_TYPES, SessionTruth
from simulate.wire import part, payload

SAME_VIEW_MS = 100
LONGEST_ON_PAGE_MS = 86_400_000
DEVICE_NAMES = {1: "desktop", 2: "tablet", 3: "mobile"}
_TIMINGS = {
    "lcp": "largest_contentful_paint",
    "fid": "first_input_delay",
    "inp": "interaction_to_next_paint",
    "fcp": "first_contentful_paint",
    "ttfb": "ttfb",
    "load_complete": "load_complete",
}


class Recorder:
    """One session being written. `now` is its clock (ms); an event is written at `now` or `at`.

    Events come out in the order written; a request is written when it begins and dated when it
    ends, so `events` is not sorted.
    """

    def __init__(self, rng: Random, visitor: Visitor, started_at: int, dirty: float = 0) -> None:
        self.rng = rng
        self.dirty = dirty
        self.visitor = visitor
        self.now = started_at
        self.place: Place  # set by move_to, which comes first
        self.events: list[tuple[int, bytes]] = []
        self.truth = SessionTruth(visitor.session_id, device_type=DEVICE_NAMES[visitor.device.type])
        self.truth.told.device_id = visitor.device_id
        self.viewport = visitor.device.viewport
        self.last_click_at = 0  # left clicks
        self.steps: list[tuple[Place, int]] = []  # collapsed page views and their times
        self.submits_on_step = 0
        self.unjudged: list[Planned] = []  # dead clicks only a recording can tell of
        self._user = "" if visitor.identifies else visitor.user
        self.truth.user_id = self._user
        self._device = visitor.device_part()
        self._page = b""
        self._who = self._rest = b""
        self._head = pb.Event()
        self._head_time = self._head.timestamp
        self._click = pb.ClickPayload()
        self._name()

    def _name(self) -> None:
        who = pb.Event(session_id=self.visitor.session_id, device_id=self.visitor.device_id)
        if self._user:
            # NUL fits the wire, and some SDKs send what a database of fixed widths gave them.
            who.user_id = self._user + "\0" * (self.visitor.is_new and self.dirty > 0)
        self._who = part(who) + self._device
        self._rest = self._page + self._who

    def soils(self) -> bool:
        """Whether this chance for a little dirt is taken."""
        return self.dirty > 0 and self.rng.random() < self.dirty

    def pause(self, low: int, high: int) -> int:
        """Let `low`..`high` ms pass; returns the new time."""
        self.now += low + int(self.rng.random() * (high - low + 1))
        return self.now

    @property
    def last_at(self) -> int:
        """Time of the session's latest event so far."""
        return self.truth.ended_at

    def emit(self, kind: pb.EventType, body: bytes = b"", at: int | None = None) -> None:
        """Write one event of the current page."""
        when = self.now if at is None else at
        self._write(kind, body, when)
        truth, name = self.truth, EVENT_TYPES[kind]
        truth.event_types[name] += 1
        truth.timeline.append((when, name, self.place.clean))
        if name in ERROR_TYPES and self.truth.views:
            truth.views[-1].errors += 1
        truth.ended_at = max(truth.ended_at, when)
        if when < truth.started_at or not truth.started_at:
            truth.started_at = when

    def _write(self, kind: pb.EventType, body: bytes, when: int) -> None:
        head = self._head
        head.event_id = new_uuid(self.rng)
        head.event_type = kind
        self._head_time.millis = when
        self.events.append((when, head.SerializeToString() + body + self._rest))

    def move_to(self, place: Place, referrer: str) -> None:
        """Be on `place` without a page view; the events that follow carry it."""
        style = self.rng.random()
        path = place.path
        if style < 0.03:
            path = ""  # the page is known by its URL alone
        elif style < 0.06:
            path += place.query
        context = PageContext(
            url=place.url, path=path, title=PAGES[place.page].title, referrer=referrer
        )
        if place.query:
            name, _, value = place.query[1:].partition("=")
            context.query_params[name] = value
        self.place = place
        self._page = part(pb.Event(page=context))
        self._rest = self._page + self._who
        self.truth.seen_paths = [*self.truth.seen_paths[:1], place.clean]

    def page_view(self, place: Place, referrer: str) -> None:
        """Open `place` now; some frameworks tell it a second time, as if it were another view."""
        self.move_to(place, referrer)
        view = pb.PageViewPayload(page_title=PAGES[place.page].title, page_path=place.path)
        if place.fragment:
            view.page_hash = "#" + place.fragment
        self.emit(pb.EVENT_TYPE_PAGE_VIEW, payload(view))
        if self.soils():
            again = self.now + 1 + int(self.rng.random() * SAME_VIEW_MS)
            self._write(pb.EVENT_TYPE_PAGE_VIEW, payload(view), again)
            self.truth.doubled += 1
        self.truth.views.append(View(self.now, place.clean))
        if not self.steps or self.steps[-1][0].clean != place.clean:
            self.steps.append((place, self.now))
            self.submits_on_step = 0

    def page_exit(self, on_page_ms: int, depth: int) -> None:
        """Leave the page now, having seen `depth` percent of it."""
        told: int | None = on_page_ms
        if self.soils():
            told, on_page_ms = None, (-on_page_ms - 1, LONGEST_ON_PAGE_MS + 1)[self.now % 2]
            self.truth.implausible += 1
        exit_ = pb.PageExitPayload(time_on_page_ms=on_page_ms, max_scroll_depth=depth)
        self.emit(pb.EVENT_TYPE_PAGE_EXIT, payload(exit_))
        view = self.truth.views[-1]
        view.exit_at, view.exit_depth, view.time_on_page_ms = self.now, depth, told
        self._seen(depth)

    def scroll(self, depth: int, previous: int, *, milestone: bool = False) -> None:
        """Scroll from `previous` to `depth` percent of the page."""
        height = PAGES[self.place.page].height
        scroll = pb.ScrollPayload(
            scroll_top=height * depth // 100,
            scroll_depth_px=height * depth // 100,
            scroll_depth_percent=depth,
            page_height=height,
            direction=pb.SCROLL_DIRECTION_UP if depth < previous else pb.SCROLL_DIRECTION_DOWN,
        )
        kind = pb.EVENT_TYPE_SCROLL_MILESTONE if milestone else pb.EVENT_TYPE_SCROLL
        self.emit(kind, payload(scroll))
        self._seen(depth)

    def _seen(self, depth: int) -> None:
        seen = min(100, depth)
        self.truth.max_scroll_depth = max(self.truth.max_scroll_depth, seen)
        if self.truth.views:
            view = self.truth.views[-1]
            view.depth = max(view.depth or 0, seen)

    def click(
        self,
        element: Element,
        offset: tuple[int, int] | None = None,
        button: pb.MouseButton = pb.MOUSE_BUTTON_LEFT,
    ) -> Drawn:
        """Click now; `offset` from the element's middle in px, else anywhere inside it."""
        drawn = element.drawn(self.viewport[0])
        if offset is None:
            x = drawn.left + int(self.rng.random() * drawn.width)
            y = drawn.top + int(self.rng.random() * drawn.height)
        else:
            x = drawn.left + drawn.width // 2 + offset[0]
            y = drawn.top + drawn.height // 2 + offset[1]
        own = self._click
        own.position.x, own.position.y = x, y
        own.button = button
        self.emit(pb.EVENT_TYPE_CLICK, drawn.click + payload(own))
        self.truth.clicked[self.place.clean, drawn.selector] += 1
        if self.truth.views:
            self.truth.views[-1].clicks += 1
        if button == pb.MOUSE_BUTTON_LEFT:
            self.last_click_at = self.now
        return drawn

    def request(
        self,
        method: str,
        path: str,
        status: int,
        duration_ms: int,
        query: str = "",
        *,
        odd_ms: int | None = None,
    ) -> None:
        """A fetch or XHR begun now; its event is dated `duration_ms` later.

        `odd_ms`: told as its duration instead, which cannot be.
        """
        fetch = self.rng.random() < 0.7
        call = pb.NetworkRequestPayload(
            method=method,
            url=ORIGIN + path + query,
            status=status,
            duration_ms=duration_ms if odd_ms is None else odd_ms,
            response_size=int(self.rng.random() * 40_000),
            request_type=pb.NETWORK_REQUEST_TYPE_FETCH if fetch else pb.NETWORK_REQUEST_TYPE_XHR,
        )
        kind = pb.EVENT_TYPE_FETCH_REQUEST if fetch else pb.EVENT_TYPE_XHR_REQUEST
        self.emit(kind, payload(call), at=self.now + duration_ms)
        endpoint = "/".join(":id" if part.isdigit() else part for part in path.split("/"))
        took = duration_ms if odd_ms is None else None
        self.truth.implausible += took is None
        self.truth.calls.append(Call(method, endpoint, status, self.now + duration_ms, took))

    def timing(self, measured: pb.PerformancePayload, kind: pb.EventType, at: int) -> None:
        """What was measured of the current view. Of what is told again the greatest holds."""
        self.emit(kind, payload(measured), at=at)
        view = self.truth.views[-1]
        for name, number in _TIMINGS.items():
            if measured.HasField(number):
                told = getattr(measured, number)
                setattr(view, name, max(told, getattr(view, name) or 0))
        if measured.HasField("cumulative_layout_shift"):
            shift = round(measured.cumulative_layout_shift * 1000)
            view.cls_thousandths = max(shift, view.cls_thousandths or 0)

    def replay(self, event_id: str, at: int, rrweb_type: int, data: bytes) -> None:
        """A payload of the session's recording; it counts as no event."""
        head = pb.Event(event_id=event_id, event_type=pb.EVENT_TYPE_REPLAY)
        head.timestamp.millis = at
        body = payload(ReplayEventPayload(rrweb_type=rrweb_type, data=data))
        self.events.append((at, head.SerializeToString() + body + self._who))

    def identify(self) -> None:
        """The visitor says who they are; later events carry it."""
        user = self.visitor.user
        plan = "member" if self.rng.random() < 0.3 else "guest"
        traits = {"plan": plan, "email": f"{user}@example.test"}
        self.emit(pb.EVENT_TYPE_IDENTIFY, payload(pb.IdentifyPayload(user_id=user, traits=traits)))
        self.truth.told.traits = traits
        self._user = self.truth.user_id = user
        self._name()

    def plan(
        self, kind: str, at: int, selector: str = "", count: int = 1, *, charged: bool = True
    ) -> None:
        """Note an insight row this session must get, on the current page."""
        grade = "inferred" if kind == "dead_click" else ""
        path = self.place.clean
        self.truth.insights.append(Planned(kind, at, path, selector, count, charged, grade))
