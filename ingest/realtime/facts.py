"""A batch's events to what real-time keys need of them: pure, on the way of every batch."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gosight.events_pb2 import Event, EventType

from ingest.decode.checks import canonical_uuid
from ingest.realtime.keys import MINUTE_MS, PAGE_VIEWS_SECONDS, SESSION_SECONDS

PAGE_VIEW = EventType.EVENT_TYPE_PAGE_VIEW
CLICK = EventType.EVENT_TYPE_CLICK
# Beyond it a batch's clicks are no longer told one by one; no person clicks so fast.
MAX_CLICKS = 200


@dataclass(slots=True)
class SessionFacts:
    """What a batch says of one session; times in ms since 1970."""

    started_at: int
    last_event_at: int
    event_count: int = 0
    page_count: int = 0
    user_id: str = ""
    current_url: str = ""


@dataclass(frozen=True, slots=True)
class Click:
    """One click with a position in px; `spot` is where it was: path, then selector."""

    session: str
    x: int
    y: int
    at: int
    spot: str


@dataclass(slots=True)
class Facts:
    """What one batch says; `page_views` by path and minute since 1970.

    `digest` is of its event ids: the same for a batch that is sent again, whenever it comes.
    """

    digest: str = ""
    sessions: dict[str, SessionFacts] = field(default_factory=dict)
    page_views: Counter[tuple[str, int]] = field(default_factory=Counter)
    clicks: list[Click] = field(default_factory=list)


def facts_of(events: Iterable[Event], now: int) -> Facts:
    """Only what happened within the life of the keys counts: a backfill is no news."""
    facts = Facts()
    oldest = now - SESSION_SECONDS * 1000
    ids = hashlib.sha256()
    for event in events:
        ids.update(event.event_id.encode())
        at = event.timestamp.millis
        if oldest <= at <= now + MINUTE_MS:
            _add(facts, event, at, now)
    facts.digest = ids.hexdigest()
    return facts


def _add(facts: Facts, event: Event, at: int, now: int) -> None:
    name = canonical_uuid(event.session_id)
    session = facts.sessions.get(name)
    if session is None:
        session = facts.sessions[name] = SessionFacts(at, at)
    session.event_count += 1
    session.started_at = min(session.started_at, at)
    session.last_event_at = max(session.last_event_at, at)
    if event.user_id:
        session.user_id = event.user_id
    kind = event.event_type
    if kind == PAGE_VIEW:
        session.page_count += 1
        session.current_url = event.page.url
        if at > now - PAGE_VIEWS_SECONDS * 1000:
            facts.page_views[path_of(event), at // MINUTE_MS] += 1
    elif kind == CLICK and event.WhichOneof("payload") == "click":
        _add_click(facts, event, at)


def _add_click(facts: Facts, event: Event, at: int) -> None:
    click = event.click
    if len(facts.clicks) < MAX_CLICKS and click.HasField("position"):
        spot = f"{path_of(event)} {click.target.selector}"
        name = canonical_uuid(event.session_id)
        facts.clicks.append(Click(name, click.position.x, click.position.y, at, spot))


def path_of(event: Event) -> str:
    """The page's path as sent, else from its URL."""
    page = event.page
    return page.path or urlsplit(page.url).path or "/"
