"""PostHog: what posthog-js and the server libraries send to capture and session recording."""

from collections.abc import Callable, Iterator
from typing import Any

from gosight.events_pb2 import Event, EventType

from ingest.decode.envelope import Envelope
from ingest.errors import MalformedBatchError
from ingest.formats import recording
from ingest.formats.elements import chain_of_objects, chain_of_text, target
from ingest.formats.posthog_device import device_of
from ingest.formats.posthog_errors import error_of
from ingest.formats.request import Json, Request
from ingest.formats.telling import Teller, derived_id, envelope, event_id_of, first_of, uuid_of
from ingest.formats.values import (
    MAX_ID,
    clip,
    moment_of,
    object_of,
    page,
    sent_at_of,
    text,
    texts,
    whole,
)
from ingest.formats.visitors import visitor_session
from ingest.formats.vitals import vitals_by_url

NAME = "posthog"
DIRECT = "$direct"
# What the SDK adds to every event beside its own `$` properties.
_STANDARD = frozenset({"token", "distinct_id", "title"})
_USER_PROPERTIES = ("$set", "$set_once")


def read(request: Request) -> Envelope:
    """The events of a request to /e, /i/v0/e, /batch, /capture, /track or /s.

    MalformedBatchError when it is no JSON or has no event.
    """
    body = request.json()
    messages = _messages(body)
    head, first = object_of(body), first_of(messages)
    told = (head.get("sent_at"), head.get("sentAt"), first.get("sent_at"))
    sent_at = sent_at_of(*told) or _sent_at(request)
    return envelope(
        _key(head, first, request),
        _sdk(first),
        sent_at,
        messages,
        lambda message: _events(message, sent_at or request.received_at),
    )


def _messages(body: Any) -> list[Any]:
    messages = body
    if isinstance(body, dict):
        messages = body.get("batch", [body])
    if not isinstance(messages, list) or not messages:
        raise MalformedBatchError("the body has no events")
    return messages


def _sent_at(request: Request) -> int:
    """`_`, which the SDK adds to the address."""
    return whole(request.query.get("_"), 0, 2**53)


def _key(head: Json, first: Json, request: Request) -> str:
    """The project's token, wherever the library puts it."""
    properties = object_of(first.get("properties"))
    places = (
        *(head.get("api_key"), head.get("token"), first.get("api_key"), first.get("token")),
        *(properties.get("token"), properties.get("api_key"), request.query.get("token")),
    )
    return next((place for place in places if isinstance(place, str) and place), "")


def _sdk(first: Json) -> str:
    properties = object_of(first.get("properties"))
    return f"{NAME}-{properties.get('$lib', '')} {properties.get('$lib_version', '')}".strip()


def _events(message: Json, received_at: int) -> Iterator[Event]:
    properties = message.get("properties") or {}
    name = text(message.get("event"))
    if not name:
        raise ValueError("the event has no name")
    given = message.get("uuid") or message.get("message_id") or properties.get("$insert_id")
    event_id = event_id_of(NAME, given, message)
    teller = _teller(message, properties, received_at)
    read_one = _READERS.get(name)
    if read_one is not None:
        yield from read_one(teller, event_id, message, properties)
    elif name.startswith("$"):
        yield teller.signal(event_id, name, properties)
    else:
        yield teller.custom(event_id, name, _own(properties))


def _teller(message: Json, properties: Json, received_at: int) -> Teller:
    at = moment_of(message.get("timestamp") or properties.get("timestamp"))
    if not at:
        at = received_at - whole(message.get("offset"), 0)
    distinct_id = text(message.get("distinct_id") or properties.get("distinct_id"))
    session = text(properties.get("$session_id"))
    referrer = text(properties.get("$referrer"))
    return Teller(
        uuid_of(NAME, session) if session else visitor_session(NAME, distinct_id, at),
        at,
        _user(distinct_id, properties),
        page(
            text(properties.get("$current_url")),
            text(properties.get("title")),
            "" if referrer == DIRECT else referrer,
            text(properties.get("$pathname")),
        ),
        device_of(properties),
        clip(properties.get("$device_id"), MAX_ID) or _anonymous(distinct_id, properties),
    )


def _anonymous(distinct_id: str, properties: Json) -> str:
    """What a visitor without a name is known by; '' where `distinct_id` is a name."""
    return "" if _user(distinct_id, properties) else clip(distinct_id, MAX_ID)


def _user(distinct_id: str, properties: Json) -> str:
    """Anonymous visitors have an id that the device made: it is nobody's name."""
    is_browser = "$device_id" in properties or properties.get("$lib") == "web"
    is_named = properties.get("$is_identified") or distinct_id != properties.get("$device_id")
    if is_browser and (properties.get("$is_identified") is False or not is_named):
        return ""
    return clip(distinct_id, MAX_ID)


def _own(properties: Json) -> Json:
    """What the site's own code gave."""
    return {
        name: value
        for name, value in properties.items()
        if not name.startswith("$") and name not in _STANDARD
    }


def _page_view(teller: Teller, event_id: str, _: Json, properties: Json) -> Iterator[Event]:
    """A view within a document also says how the one before it ended."""
    yield from _page_exit(teller, derived_id(event_id, "exit"), _, properties)
    yield teller.view(event_id, properties.get("title"))


def _screen(teller: Teller, event_id: str, _: Json, properties: Json) -> Iterator[Event]:
    yield teller.screen(event_id, properties.get("$screen_name"))


def _page_exit(teller: Teller, event_id: str, _: Json, properties: Json) -> Iterator[Event]:
    """How far the page was seen, and how long."""
    path = text(properties.get("$prev_pageview_pathname"))
    if not path:
        return
    same = teller.page is not None and teller.page.path == path
    seen = properties.get("$prev_pageview_max_content_percentage")
    left = {
        "time_on_page_ms": round(1000 * float(properties.get("$prev_pageview_duration") or 0)),
        "max_scroll_depth": whole(100 * float(seen or 0), 0, 100),
    }
    yield teller.event(
        event_id,
        EventType.EVENT_TYPE_PAGE_EXIT,
        page_exit=left,
        page=teller.page if same else page("", "", "", path),
    )


def _autocapture(teller: Teller, event_id: str, _: Json, properties: Json) -> Iterator[Event]:
    """Clicks without a position: `events` finds it by the moment."""
    kind, chain = text(properties.get("$event_type")), text(properties.get("$elements_chain"))
    elements = chain_of_text(chain) or chain_of_objects(properties.get("$elements") or ())
    if kind == "click":
        click = {"target": target(elements)}
        yield teller.event(event_id, EventType.EVENT_TYPE_CLICK, click=click)
    elif kind == "change":
        change = {"target": target(elements[:1])}
        yield teller.event(event_id, EventType.EVENT_TYPE_INPUT_CHANGE, input_change=change)
    elif kind == "submit":
        # A browser sends it only when every field was valid; what the server said, nobody tells.
        form = next((one.attributes for one in elements if one.tag == "form"), {})
        sent = {"form_id": form.get("id"), "form_name": form.get("name"), "success": True}
        yield teller.event(event_id, EventType.EVENT_TYPE_FORM_SUBMIT, form_submit=sent)
    else:
        yield teller.signal(event_id, "$autocapture", properties)


def _heatmap(teller: Teller, event_id: str, _: Json, properties: Json) -> Iterator[Event]:
    """Where clicks were, page by page in order, without their times."""
    points: dict[str, Any] = {}
    for url, told in (properties.get("$heatmap_data") or {}).items():
        clicks = [[whole(one["x"]), whole(one["y"])] for one in told if one["type"] == "click"]
        if clicks:
            points[url] = clicks
    if points:
        payload = {"name": "$$heatmap", "properties": texts(points)}
        yield teller.event(event_id, EventType.EVENT_TYPE_CLICK_DETAIL, custom_event=payload)


def _vitals(teller: Teller, event_id: str, _: Json, properties: Json) -> Iterator[Event]:
    """Each measure belongs to the page that it names."""
    measured = vitals_by_url(properties)
    for number, (url, performance) in enumerate(measured.items()):
        yield teller.event(
            derived_id(event_id, number) if number else event_id,
            EventType.EVENT_TYPE_WEB_VITALS,
            performance=performance,
            page=page(url) if url else teller.page,
        )


def _exception(teller: Teller, event_id: str, _: Json, properties: Json) -> Iterator[Event]:
    payload, is_rejection = error_of(properties)
    kind = EventType.EVENT_TYPE_UNHANDLED_REJECTION if is_rejection else _JS_ERROR
    yield teller.event(event_id, kind, js_error=payload)


def _identify(teller: Teller, event_id: str, message: Json, properties: Json) -> Iterator[Event]:
    """`$identify`, `$set`, `$create_alias`: who it is, and what is known of them."""
    traits: Json = {}
    for name in reversed(_USER_PROPERTIES):
        for place in (message, properties):
            traits |= place.get(name) or {}
    alias = text(properties.get("alias"))
    if alias:
        traits["alias"] = alias
    user = teller.user_id or alias
    own = {name: value for name, value in traits.items() if not name.startswith("$")}
    payload = {"user_id": user, "traits": texts(own)}
    yield teller.event(event_id, EventType.EVENT_TYPE_IDENTIFY, identify=payload)


def _group(teller: Teller, event_id: str, _: Json, properties: Json) -> Iterator[Event]:
    said = {
        "type": properties.get("$group_type"),
        "key": properties.get("$group_key"),
        **(properties.get("$group_set") or {}),
    }
    payload = {"name": "$groupidentify", "properties": texts(said)}
    yield teller.event(event_id, EventType.EVENT_TYPE_GROUP, custom_event=payload)


def _snapshot(teller: Teller, event_id: str, _: Json, properties: Json) -> Iterator[Event]:
    """A piece of a recording; what is in it is told as events of its own, too."""
    told = properties.get("$snapshot_data") or []
    events = [recording.readable(one) for one in (told if isinstance(told, list) else [told])]
    if not events:
        return
    # Recordings say neither page nor device nor who: they are of the page viewed at the moment.
    alone = Teller(teller.session_id, teller.at)
    kept = [recording.without_headers(one) for one in events]
    yield recording.replay(alone, event_id, kept, text(properties.get("$window_id")))
    yield from recording.places(alone, events)
    yield from recording.interactions(alone, events)
    yield from recording.requests(alone, events)


_JS_ERROR = EventType.EVENT_TYPE_JS_ERROR
_READERS: dict[str, Callable[[Teller, str, Json, Json], Iterator[Event]]] = {
    "$pageview": _page_view,
    "$pageleave": _page_exit,
    "$screen": _screen,
    "$autocapture": _autocapture,
    "$$heatmap": _heatmap,
    "$web_vitals": _vitals,
    "$exception": _exception,
    "$identify": _identify,
    "$set": _identify,
    "$create_alias": _identify,
    "$groupidentify": _group,
    "$snapshot": _snapshot,
}
