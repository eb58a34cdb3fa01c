"""What the generator planned, counted while it writes: the answer sheet for the pipeline."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from gosight.events_pb2 import EventType

from simulate.planned import Call, Planned, Recording, Told, View
from simulate.planned_score import score, state
from simulate.planned_time import INTERACTIONS, Moment, engaged_ms, hourly, steps

# Number -> name as reports write it: enum name in lower case without its prefix.
EVENT_TYPES = {number: name[len("EVENT_TYPE_") :].lower() for name, number in EventType.items()}
LEAVING = ("page_exit", "page_hidden", "session_end")
CUT_OFF_MS = 1000
DAY_MS = 86_400_000
# What a bot's line does not tell: it is in no aggregate, signal or score.
NOTHING: dict[str, Any] = {
    **dict.fromkeys(("journey", "insights", "deductions", "steps", "views"), ()),
    **dict.fromkeys(("calls", "hours", "clicked"), ()),
    **dict.fromkeys(("rage_clicks", "dead_clicks", "error_clicks"), 0),
    "requests": {},
    "score": None,
    "state": None,
}
ERROR_TYPES = ("js_error", "unhandled_rejection", "resource_error", "console_error")


@dataclass(slots=True)
class SessionTruth:
    """One session. Times in ms since the epoch, paths cleaned, depth cut to 0-100."""

    session_id: str
    started_at: int = 0
    ended_at: int = 0
    user_id: str = ""
    device_type: str = ""
    utm: dict[str, str] = field(default_factory=dict)
    event_types: Counter[str] = field(default_factory=Counter)
    timeline: list[Moment] = field(default_factory=list)  # each event, as written
    views: list[View] = field(default_factory=list)  # page views, in order
    seen_paths: list[str] = field(
        default_factory=list
    )  # first and last path of a session without views
    max_scroll_depth: int = 0
    calls: list[Call] = field(default_factory=list)
    clicked: Counter[tuple[str, str]] = field(default_factory=Counter)  # by path and selector
    forms: set[str] = field(default_factory=set)  # what became of them: started, sent, refilled
    insights: list[Planned] = field(default_factory=list)
    recording: Recording | None = None
    channel: str = "Direct"
    referrer_domain: str = ""
    bot: str = ""  # how it gives itself away: user_agent, webdriver
    doubled: int = 0  # views told twice; the second counts nowhere
    implausible: int = 0  # values that cannot be
    told: Told = field(default_factory=Told)

    @property
    def page_paths(self) -> list[str]:
        """Of the page views, in order."""
        return [view.path for view in self.views]

    @property
    def told_calls(self) -> list[Call]:
        """With those that leaving the page cut off: without an answer, at most a second before."""
        left = [at for at, kind, _ in self.timeline if kind in LEAVING]
        return [
            replace(call, is_aborted=True)
            if call.status == 0 and any(0 <= at - call.at <= CUT_OFF_MS for at in left)
            else call
            for call in self.calls
        ]

    @property
    def requests(self) -> Counter[tuple[str, int]]:
        """By ('GET /api/cart', status)."""
        return Counter((f"{call.method} {call.endpoint}", call.status) for call in self.calls)

    @property
    def journey(self) -> list[str]:
        """Page views with runs of one path collapsed to one step."""
        paths = self.page_paths
        return [path for n, path in enumerate(paths) if n == 0 or path != paths[n - 1]]

    def move(self, by_ms: int) -> None:
        """All of it happened so much later."""
        self.started_at += by_ms
        self.ended_at += by_ms
        self.timeline = [(at + by_ms, kind, path) for at, kind, path in self.timeline]
        self.calls = [replace(call, at=call.at + by_ms) for call in self.calls]
        self.insights = [replace(row, at=row.at + by_ms) for row in self.insights]
        for view in self.views:
            view.at += by_ms
            view.exit_at = None if view.exit_at is None else view.exit_at + by_ms
        if film := self.recording:
            first, last = film.first_at + by_ms, film.last_at + by_ms
            self.recording = replace(film, first_at=first, last_at=last)

    def count_of(self, kind: str) -> int:
        """Planned rows of a kind that are charged."""
        return sum(row.charged for row in self.insights if row.kind == kind)

    def as_dict(self) -> dict[str, Any]:
        """The session's line of a truth file. A bot is there, and counts nowhere else."""
        paths = self.page_paths or self.seen_paths
        line = {
            "session_id": self.session_id,
            "user_id": self.user_id,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "duration_ms": self.ended_at - self.started_at,
            "page_count": len(self.views),
            "event_count": self.event_types.total(),
            "click_count": self.event_types["click"],
            "error_count": sum(self.event_types[kind] for kind in ERROR_TYPES),
            "entry_path": paths[0] if paths else "",
            "exit_path": paths[-1] if paths else "",
            "is_bounce": len(self.views) == 1,
            "max_scroll_depth": self.max_scroll_depth,
            "device_type": self.device_type,
            "utm": self.utm,
            "channel": self.channel,
            "referrer_domain": self.referrer_domain,
            "bot": self.bot,
            "is_overlong": self.ended_at - self.started_at > DAY_MS,
            "doubled": self.doubled,
            "implausible": self.implausible,
            "journey": self.journey,
            "events": dict(sorted(self.event_types.items())),
            "requests": nested(self.requests),
            "rage_clicks": self.count_of("rage_click"),
            "dead_clicks": self.count_of("dead_click"),
            "error_clicks": self.count_of("error_click"),
            "insights": [row.as_dict() for row in self.insights],
        }
        line |= self._details(engaged_ms(self.timeline))
        return line | NOTHING if self.bot else line

    def _details(self, engaged: int) -> dict[str, Any]:
        """What files written before 0.2 do not have."""
        found = score(self.ended_at, self.event_types, self.insights, self.told_calls, self.views)
        evidence = INTERACTIONS | {"fetch_request", "xhr_request", "page_load", "web_vitals"}
        return {
            "engaged_ms": engaged,
            "score": found.points if evidence & self.event_types.keys() else None,
            "deductions": [
                {"code": code, "points": points} for code, points in found.deductions.items()
            ],
            "state": state(
                found.times, engaged, self.max_scroll_depth, len(self.views), frozenset(self.forms)
            ),
            "steps": steps(self.views, self.ended_at),
            "views": [view.as_dict() for view in self.views],
            "calls": [asdict(call) for call in self.told_calls],
            "hours": hourly(self.timeline),
            "clicked": [
                {"path": path, "selector": selector, "clicks": clicks}
                for (path, selector), clicks in self.clicked.items()
            ],
            "recording": asdict(self.recording) if self.recording else None,
            "told": asdict(self.told),
        }


@dataclass(slots=True)
class Totals:
    """Sums over all sessions generated so far."""

    sessions: int = 0
    events: int = 0
    users: set[str] = field(default_factory=set)
    anonymous_sessions: int = 0
    bounces: int = 0
    recorded_sessions: int = 0
    replay_payloads: int = 0  # sent beside the events
    bots: int = 0
    doubled: int = 0  # views sent beside the events
    first_at: int = 0
    last_at: int = 0
    event_types: Counter[str] = field(default_factory=Counter)
    page_views: Counter[str] = field(default_factory=Counter)
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  # insight rows by kind
    charged: Counter[str] = field(default_factory=Counter)  # of these, the charged ones

    def add(self, session: SessionTruth) -> None:
        """Count one finished session in."""
        self.first_at = min(self.first_at or session.started_at, session.started_at)
        self.last_at = max(self.last_at, session.ended_at)
        self.sessions += 1
        self.events += session.event_types.total()
        self.bounces += len(session.views) == 1
        if session.recording:
            self.recorded_sessions += 1
            self.replay_payloads += session.recording.payloads
        if session.user_id:
            self.users.add(session.user_id)
        else:
            self.anonymous_sessions += 1
        self.doubled += session.doubled
        self.bots += session.bot != ""
        if session.bot:
            return
        self.event_types.update(session.event_types)
        self.page_views.update(session.page_paths)
        self.requests.update(session.requests)
        for row in session.insights:
            self.found[row.kind] += 1
            self.charged[row.kind] += row.charged

    def as_dict(self) -> dict[str, Any]:
        """The last line of a truth file, and the summary of the command."""
        return {
            "sessions": self.sessions,
            "events": self.events,
            "users": len(self.users),
            "anonymous_sessions": self.anonymous_sessions,
            "bounces": self.bounces,
            "recorded_sessions": self.recorded_sessions,
            "replay_payloads": self.replay_payloads,
            "bots": self.bots,
            "doubled": self.doubled,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "events_by_type": dict(sorted(self.event_types.items())),
            "page_views_by_path": dict(sorted(self.page_views.items())),
            "requests": nested(self.requests),
            "insights": dict(sorted(self.found.items())),
            "insights_charged": dict(sorted(self.charged.items())),
        }


def nested(requests: Counter[tuple[str, int]]) -> dict[str, dict[str, int]]:
    """{('GET /a', 200): 3} as {'GET /a': {'200': 3}}, sorted."""
    tree: dict[str, dict[str, int]] = {}
    for (endpoint, status), count in sorted(requests.items()):
        tree.setdefault(endpoint, {})[str(status)] = count
    return tree


@dataclass(slots=True)
class Truth:
    """Collects while batches are taken: totals, and each session as soon as it is planned."""

    on_session: Callable[[SessionTruth], None] | None = None
    totals: Totals = field(default_factory=Totals)

    def add(self, session: SessionTruth) -> None:
        self.totals.add(session)
        if self.on_session is not None:
            self.on_session(session)
