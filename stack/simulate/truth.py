"""What the generator planned, counted while it writes: the answer sheet for the pipeline."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gosight.events_pb2 import EventType

# Number -> name as reports write it: enum name in lower case without its prefix.
EVENT_TYPES = {number: name[len("EVENT_TYPE_") :].lower() for name, number in EventType.items()}
ERROR_TYPES = ("js_error", "unhandled_rejection", "resource_error", "console_error")


@dataclass(frozen=True, slots=True)
class Planned:
    """One insight row that the session must get. `at` = its first event, ms since the epoch.

    Not `charged`: found, but its click is charged to a graver signal (rage, then error, then dead).
    `count`: clicks of a burst, errors of an error click, else 1.
    """

    kind: str
    at: int
    path: str
    selector: str = ""
    count: int = 1
    charged: bool = True

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "at": self.at,
            "path": self.path,
            "selector": self.selector,
            "count": self.count,
            "charged": self.charged,
        }


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
    click_buttons: Counter[str] = field(default_factory=Counter)
    page_paths: list[str] = field(default_factory=list)  # of page views, in order
    seen_paths: list[str] = field(
        default_factory=list
    )  # first and last path of a session without views
    max_scroll_depth: int = 0
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)  # ('GET /api/cart', status)
    insights: list[Planned] = field(default_factory=list)

    @property
    def journey(self) -> list[str]:
        """Page views with runs of one path collapsed to one step."""
        paths = self.page_paths
        return [path for n, path in enumerate(paths) if n == 0 or path != paths[n - 1]]

    def count_of(self, kind: str, *, charged: bool = True) -> int:
        """Planned rows of a kind; charged ones only, or (False) all of them."""
        return sum(1 for row in self.insights if row.kind == kind and (row.charged or not charged))

    def as_dict(self) -> dict[str, Any]:
        """The session's line of a truth file."""
        paths = self.page_paths or self.seen_paths
        return {
            "session_id": self.session_id,
            "user_id": self.user_id,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "duration_ms": self.ended_at - self.started_at,
            "page_count": len(self.page_paths),
            "event_count": self.event_types.total(),
            "click_count": self.event_types["click"],
            "error_count": sum(self.event_types[kind] for kind in ERROR_TYPES),
            "entry_path": paths[0] if paths else "",
            "exit_path": paths[-1] if paths else "",
            "is_bounce": len(self.page_paths) == 1,
            "max_scroll_depth": self.max_scroll_depth,
            "device_type": self.device_type,
            "utm": self.utm,
            "journey": self.journey,
            "events": dict(sorted(self.event_types.items())),
            "requests": nested(self.requests),
            "rage_clicks": self.count_of("rage_click"),
            "dead_clicks": self.count_of("dead_click"),
            "error_clicks": self.count_of("error_click"),
            "insights": [row.as_dict() for row in self.insights],
        }


@dataclass(slots=True)
class Totals:
    """Sums over all sessions generated so far."""

    sessions: int = 0
    events: int = 0
    users: set[str] = field(default_factory=set)
    anonymous_sessions: int = 0
    bounces: int = 0
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
        self.bounces += len(session.page_paths) == 1
        if session.user_id:
            self.users.add(session.user_id)
        else:
            self.anonymous_sessions += 1
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
