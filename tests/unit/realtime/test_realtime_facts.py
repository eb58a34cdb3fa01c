"""What of a batch is news: counts by session, views by minute, clicks by place."""

from typing import Any

from gosight.common_pb2 import PageContext, Position, TargetElement, Timestamp
from gosight.events_pb2 import ClickPayload, Event

from ingest.realtime.facts import Click, facts_of

NOW = 1_790_000_000_000
SESSION = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


def event(kind: str, ago_ms: int, session: str = SESSION, **fields: Any) -> Event:
    return Event(
        session_id=session,
        event_type=f"EVENT_TYPE_{kind}",
        timestamp=Timestamp(millis=NOW - ago_ms),
        page=PageContext(url="https://shop.example/cart?x=1", path="/cart"),
        **fields,
    )


def test_one_session_in_any_spelling_is_one() -> None:
    facts = facts_of(
        [event("PAGE_VIEW", 2000), event("SCROLL", 1000, SESSION.upper().replace("-", ""))], NOW
    )
    (session,) = facts.sessions.values()
    assert list(facts.sessions) == [SESSION]
    assert (session.event_count, session.page_count) == (2, 1)
    assert (session.started_at, session.last_event_at) == (NOW - 2000, NOW - 1000)
    assert session.current_url == "https://shop.example/cart?x=1"


def test_what_happened_before_the_keys_began_is_no_news() -> None:
    assert facts_of([event("PAGE_VIEW", 31 * 60_000)], NOW).sessions == {}


def test_what_a_wrong_clock_dates_ahead_is_no_news() -> None:
    assert facts_of([event("PAGE_VIEW", -2 * 60_000)], NOW).sessions == {}


def test_views_older_than_their_counters_are_not_counted() -> None:
    facts = facts_of([event("PAGE_VIEW", 6 * 60_000), event("PAGE_VIEW", 0)], NOW)
    assert facts.page_views == {("/cart", NOW // 60_000): 1}


def test_clicks_keep_their_place() -> None:
    click = ClickPayload(position=Position(x=120, y=-7), target=TargetElement(selector="#buy"))
    facts = facts_of([event("CLICK", 5, click=click), event("CLICK", 4)], NOW)
    assert facts.clicks == [Click(SESSION, 120, -7, NOW - 5, "/cart #buy")]
