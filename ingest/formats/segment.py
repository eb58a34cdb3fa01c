"""Segment's tracking API, which RudderStack speaks too: pages, tracks, identities."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from typing import Any

from gosight.common_pb2 import DeviceInfo
from gosight.events_pb2 import Event, EventType

from ingest.decode.envelope import Envelope
from ingest.errors import MalformedBatchError
from ingest.formats.request import Json, Request
from ingest.formats.telling import Teller, derived_id, envelope, event_id_of, first_of
from ingest.formats.values import (
    MAX_ID,
    clip,
    device_type,
    moment_of,
    object_of,
    page,
    sent_at_of,
    text,
    texts,
    whole,
)
from ingest.formats.visitors import visitor_session

NAME = "segment"
BATCHES = frozenset({"batch", "import", "b"})
_TYPES = {"p": "page", "t": "track", "i": "identify", "g": "group", "a": "alias", "s": "screen"}
_UTM = {
    "source": "utm_source",
    "medium": "utm_medium",
    "name": "utm_campaign",
    "term": "utm_term",
    "content": "utm_content",
}


def read(request: Request) -> Envelope:
    """One message, or a batch of them. MalformedBatchError when it is no JSON object."""
    body = request.json()
    if not isinstance(body, dict):
        raise MalformedBatchError("the body must be one JSON object")
    kind = request.path.rstrip("/").rsplit("/", 1)[-1]
    is_batch = kind in BATCHES or "batch" in body
    messages = body.get("batch") if is_batch else [body]
    if not isinstance(messages, list):
        raise MalformedBatchError("batch must be a list")
    first = first_of(messages)
    shared = object_of(body.get("context")) if is_batch else {}
    return envelope(
        _key(body, first, request),
        _sdk(first, request),
        sent_at_of(body.get("sentAt")),
        messages,
        lambda message: _events(message, _TYPES.get(kind, kind), shared, request),
    )


def _key(body: Json, first: Json, request: Request) -> str:
    """RudderStack's beacons have it in the address."""
    written = body.get("writeKey") or first.get("writeKey")
    return text(written) or _basic_user(request) or request.query.get("writeKey", "")


def _basic_user(request: Request) -> str:
    """The write key as the user of Basic authorization; '' where there is none."""
    scheme, _, token = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(token).decode("latin-1").partition(":")[0]
    except (Base64Error, ValueError):
        return ""


def _sdk(first: Json, request: Request) -> str:
    library = object_of(object_of(first.get("context")).get("library"))
    name = f"{library.get('name', '')} {library.get('version', '')}".strip()
    return f"{NAME}-{name or clip(request.header('user-agent'), 40)}"


def _events(message: Json, path_kind: str, shared: Json, request: Request) -> Iterator[Event]:
    context = {**shared, **(message.get("context") or {})}
    kind = text(message.get("type")) or path_kind
    said = message.get("properties") or message.get("traits") or {}
    event_id = event_id_of(NAME, message.get("messageId"), message)
    teller = _teller(message, context, said if kind == "page" else {}, request)
    campaign = context.get("campaign") or {}
    if campaign and "utm_" not in (teller.page.url if teller.page is not None else ""):
        yield _campaign(teller, derived_id(event_id, "campaign"), campaign)
    yield from _READERS[kind](teller, event_id, message, said)


def _teller(message: Json, context: Json, said: Json, request: Request) -> Teller:
    at = moment_of(message.get("originalTimestamp") or message.get("timestamp"))
    at = at or request.received_at
    user = text(message.get("userId"))
    visitor = text(message.get("anonymousId")) or user
    session = text(context.get("sessionId"))
    where = {**(context.get("page") or {}), **said}
    return Teller(
        derived_id(NAME, visitor, session) if session else visitor_session(NAME, visitor, at),
        at,
        clip(user, MAX_ID),
        page(*(text(where.get(name)) for name in ("url", "title", "referrer", "path"))),
        _device(context, request),
        clip(message.get("anonymousId"), MAX_ID),
    )


def _device(context: Json, request: Request) -> DeviceInfo:
    """A browser's context says little beside its user agent; a server's own is nobody's."""
    os, screen = context.get("os") or {}, context.get("screen") or {}
    agent = text(context.get("userAgent"))
    if not agent and request.header("origin"):
        agent = request.header("user-agent")
    return DeviceInfo(
        user_agent=clip(agent),
        os=clip(os.get("name")),
        os_version=clip(os.get("version")),
        device_type=device_type(text((context.get("device") or {}).get("type"))),
        screen_width=whole(screen.get("width"), 0),
        screen_height=whole(screen.get("height"), 0),
        viewport_width=whole(screen.get("innerWidth"), 0),
        viewport_height=whole(screen.get("innerHeight"), 0),
        language=clip(context.get("locale")),
        timezone=clip(context.get("timezone")),
    )


def _campaign(teller: Teller, event_id: str, campaign: Json) -> Event:
    """What brought a visitor, of a page whose address does not say it."""
    said = {field: clip(campaign[name]) for name, field in _UTM.items() if campaign.get(name)}
    kind = EventType.EVENT_TYPE_SESSION_START
    return teller.event(event_id, kind, session_start={**said, "is_partial": True})


def _page(teller: Teller, event_id: str, message: Json, said: Json) -> Iterator[Event]:
    yield teller.view(event_id, said.get("title") or message.get("name"))


def _screen(teller: Teller, event_id: str, message: Json, _: Json) -> Iterator[Event]:
    yield teller.screen(event_id, message.get("name"))


def _track(teller: Teller, event_id: str, message: Json, said: Json) -> Iterator[Event]:
    yield teller.custom(event_id, text(message["event"]), said)


def _identify(teller: Teller, event_id: str, message: Json, _: Json) -> Iterator[Event]:
    told = {"user_id": teller.user_id, "traits": texts(message.get("traits") or {})}
    yield teller.event(event_id, EventType.EVENT_TYPE_IDENTIFY, identify=told)


def _alias(teller: Teller, event_id: str, message: Json, _: Json) -> Iterator[Event]:
    told = {"user_id": teller.user_id, "traits": {"alias": clip(message.get("previousId"))}}
    yield teller.event(event_id, EventType.EVENT_TYPE_IDENTIFY, identify=told)


def _group(teller: Teller, event_id: str, message: Json, _: Json) -> Iterator[Event]:
    told = {"group_id": message.get("groupId"), **(message.get("traits") or {})}
    payload = {"name": "group", "properties": texts(told)}
    yield teller.event(event_id, EventType.EVENT_TYPE_GROUP, custom_event=payload)


_READERS: dict[str, Callable[[Teller, str, Json, Json], Iterator[Event]]] = {
    "page": _page,
    "screen": _screen,
    "track": _track,
    "identify": _identify,
    "alias": _alias,
    "group": _group,
}


def settings(key: str, host: str, *, is_secure: bool) -> Json:
    """What analytics.js asks before it begins: to send everything to this door, and nothing else.

    `host` is what the browser reached this door by.
    """
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{host}/v1",
                "protocol": "https" if is_secure else "http",
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
                "maybeBundledConfigIds": {},
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


def source_config(key: str) -> Json:
    """RudderStack's question of the same kind, `/sourceConfig`."""
    source: dict[str, Any] = {
        "id": "hxi",
        "name": "hxi",
        "writeKey": key,
        "enabled": True,
        "workspaceId": "hxi",
        "destinations": [],
        "config": {
            "statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}
        },
    }
    return {"source": source}
