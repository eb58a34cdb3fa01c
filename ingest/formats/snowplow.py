"""Snowplow's tracker protocol: page views, pings, structured and self-describing events."""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from gosight.common_pb2 import DeviceInfo
from gosight.events_pb2 import Event, EventType

from ingest.decode.envelope import Envelope
from ingest.errors import MalformedBatchError
from ingest.formats.request import Json, Request
from ingest.formats.snowplow_events import SELF_DESCRIBING
from ingest.formats.telling import Teller, envelope, event_id_of, first_of, uuid_of
from ingest.formats.values import MAX_ID, clip, page, size, text, whole
from ingest.formats.visitors import visitor_session

NAME = "snowplow"
_SESSION_SCHEMA = "client_session"


def read(request: Request) -> Envelope:
    """POST tp2 with `payload_data`, or GET /i with one event in the address."""
    body = request.json() if request.method == "POST" else {"data": [dict(request.query)]}
    messages = body.get("data") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not messages:
        raise MalformedBatchError("the body has no data")
    first = first_of(messages)
    return envelope(
        text(first.get("aid")),
        f"{NAME}-{text(first.get('tv'))}",
        whole(first.get("stm"), 0, 2**53),
        messages,
        lambda message: _events(message, request),
    )


def _events(message: Json, request: Request) -> Iterator[Event]:
    event_id = event_id_of(NAME, message.get("eid"), message)
    teller = _teller(message, request)
    return _READERS[text(message.get("e"))](teller, event_id, message)


def _teller(message: Json, request: Request) -> Teller:
    at = whole(message.get("ttm") or message.get("dtm"), 0, 2**53) or request.received_at
    session = text(message.get("sid")) or _session_of_context(message)
    visitor = text(message.get("duid") or message.get("nuid") or message.get("uid"))
    return Teller(
        uuid_of(NAME, session) if session else visitor_session(NAME, visitor, at),
        at,
        clip(message.get("uid"), MAX_ID),
        page(text(message.get("url")), text(message.get("page")), text(message.get("refr"))),
        _device(message, request),
        clip(message.get("duid") or message.get("nuid"), MAX_ID),
    )


def _session_of_context(message: Json) -> str:
    for context in _self_describing(message, "co", "cx") or ():
        if f"/{_SESSION_SCHEMA}/" in text(context.get("schema")):
            return text(context["data"].get("sessionId"))
    return ""


def _self_describing(message: Json, plain: str, coded: str) -> Any:
    """The `data` of a field that is JSON, or JSON in URL-safe base64; None where it is neither."""
    if message.get(plain):
        return orjson.loads(message[plain])["data"]
    if message.get(coded):
        content = text(message[coded])
        return orjson.loads(urlsafe_b64decode(content + "=" * (-len(content) % 4)))["data"]
    return None


def _device(message: Json, request: Request) -> DeviceInfo:
    (width, height), (inner_width, inner_height) = size(message.get("res")), size(message.get("vp"))
    return DeviceInfo(
        user_agent=clip(message.get("ua") or request.header("user-agent")),
        screen_width=width,
        screen_height=height,
        viewport_width=inner_width,
        viewport_height=inner_height,
        language=clip(message.get("lang")),
        timezone=clip(message.get("tz")),
    )


def _page_view(teller: Teller, event_id: str, message: Json) -> Iterator[Event]:
    yield teller.view(event_id, message.get("page"))


def _page_ping(teller: Teller, event_id: str, message: Json) -> Iterator[Event]:
    """The page is still looked at, and was scrolled so far since the last ping.

    How long it was looked at is the time since its view, which `events` finds. A page that was
    not scrolled tells no depth: its height may be from before its pictures came.
    """
    viewport, height = size(message.get("vp"))[1], size(message.get("ds"))[1]
    top = whole(message.get("pp_may"), 0)
    seen = whole(100 * (top + viewport) / height, 0, 100) if top and height else 0
    scroll = {
        "scroll_top": top,
        "scroll_depth_px": top + viewport,
        "scroll_depth_percent": seen,
        "page_height": height,
    }
    kind, custom = EventType.EVENT_TYPE_SCROLL, {"time_on_page": "since_view"}
    yield teller.event(event_id, kind, scroll=scroll, custom=custom)


def _structured(teller: Teller, event_id: str, message: Json) -> Iterator[Event]:
    names = {"se_la": "label", "se_pr": "property", "se_va": "value"}
    said = {name: clip(message[field]) for field, name in names.items() if message.get(field)}
    payload = {
        "name": clip(message.get("se_ac")),
        "category": clip(message.get("se_ca")),
        "properties": said,
    }
    yield teller.event(event_id, EventType.EVENT_TYPE_CUSTOM, custom_event=payload)


def _unstructured(teller: Teller, event_id: str, message: Json) -> Iterator[Event]:
    """By the schema's name; one that is not known here is kept as a custom event of that name."""
    said = _self_describing(message, "ue_pr", "ue_px") or {}
    name = text(said.get("schema")).removeprefix("iglu:").split("/")[1]
    read_one = SELF_DESCRIBING.get(name)
    if read_one is None:
        yield teller.custom(event_id, name, said.get("data") or {})
        return
    kind, payload = read_one(said.get("data") or {})
    yield teller.event(event_id, kind, **payload)


def _transaction(teller: Teller, event_id: str, message: Json) -> Iterator[Event]:
    """Of the older e-commerce events."""
    kind = text(message["e"])
    said = {name: value for name, value in message.items() if name.startswith(f"{kind}_")}
    yield teller.custom(event_id, {"tr": "transaction", "ti": "transaction_item"}[kind], said)


_READERS: dict[str, Callable[[Teller, str, Json], Iterator[Event]]] = {
    "pv": _page_view,
    "pp": _page_ping,
    "se": _structured,
    "ue": _unstructured,
    "tr": _transaction,
    "ti": _transaction,
}
