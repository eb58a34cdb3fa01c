"""rrweb alone, for sites without an SDK: a recording, and the session that it tells of."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from gosight.common_pb2 import DeviceInfo
from gosight.events_pb2 import Event, EventType

from ingest.decode.envelope import Envelope
from ingest.errors import MalformedBatchError
from ingest.formats import recording
from ingest.formats.request import Json, Request
from ingest.formats.telling import Teller, content_id, derived_id, envelope, first_of, uuid_of
from ingest.formats.values import (
    MAX_ID,
    clip,
    moment_of,
    page,
    path_of,
    sent_at_of,
    text,
    texts,
    whole,
)
from ingest.formats.vitals import measure

NAME = "rrweb"
CUSTOM = 5
_SESSION = ("session", "sid", "session_id", "sessionId")
_URL = ("href", "url")


def read_replay(request: Request) -> Envelope:
    """POST /v1/replay: one chunk `{session, device, href, w, h, events}`, or the events alone.

    Of the events alone the session is named in the address.
    """
    body = request.json()
    chunk = {"events": body} if isinstance(body, list) else body
    return _envelope(request, chunk, [chunk], _events)


def read_vitals(request: Request) -> Envelope:
    """POST /v1/vitals: one measure `{session, href, at, name, value, id}`, or a list of them."""
    body = request.json()
    measures = body if isinstance(body, list) else [body]
    return _envelope(request, first_of(measures), measures, _vital)


def _envelope(request: Request, head: Any, messages: Sequence[Any], read: Any) -> Envelope:
    if not isinstance(head, dict):
        raise MalformedBatchError("the body must be an object or a list of them")
    device = _device(request, head)
    sent_at = sent_at_of(head.get("sent_at"))
    return envelope(
        text(head.get("key")) or request.query.get("key", ""),
        clip(head.get("sdk") or NAME, 100),
        sent_at,
        messages,
        lambda message: read({**request.query, **message}, device, request.received_at),
    )


def _device(request: Request, head: Json) -> DeviceInfo:
    language = request.header("accept-language").partition(",")[0].partition(";")[0]
    return DeviceInfo(
        user_agent=clip(head.get("ua")),  # a beacon's header may name another browser
        viewport_width=whole(head.get("w"), 0),
        viewport_height=whole(head.get("h"), 0),
        language=language[:40],
    )


def _session(message: Json) -> str:
    """ValueError when none is named."""
    named = next((text(message[name]) for name in _SESSION if message.get(name)), "")
    if not named:
        raise ValueError("no session is named")
    return uuid_of(NAME, named)


def _url(message: Json) -> str:
    return next((text(message[name]) for name in _URL if message.get(name)), "")


def _vital(message: Json, _: DeviceInfo, received_at: int) -> Iterator[Event]:
    at = moment_of(message.get("at")) or received_at
    teller = Teller(_session(message), at, clip(message.get("user")), page(_url(message)))
    name, value = text(message["name"]), message["value"]
    # A measure that has changed is told again under its id.
    event_id = derived_id(NAME, teller.session_id, text(message.get("id")), name, value)
    kind, performance = EventType.EVENT_TYPE_WEB_VITALS, measure(name, value)
    yield teller.event(event_id, kind, performance=performance)


def _events(chunk: Json, device: DeviceInfo, _: int) -> Iterator[Event]:
    """What a chunk tells. Pages are those of the views, for a chunk's own address is its end's."""
    events: list[Json] = chunk["events"]
    if not events:
        return
    window = text(chunk.get("window"))
    at = whole(events[0]["timestamp"], 0, 2**53)
    # Told once a document: what is sent while a page is left may name another browser.
    begins = any(event.get("type") == recording.FULL_SNAPSHOT for event in events)
    told_device = device if begins else None
    known = clip(chunk.get("device"), MAX_ID)
    teller = Teller(_session(chunk), at, clip(chunk.get("user")), None, told_device, known)
    yield from _views(teller, events, text(chunk.get("title")), text(chunk.get("referrer")))
    event_id = content_id(NAME, [teller.session_id, window, events])
    yield recording.replay(teller, event_id, events, window)
    yield from recording.nodes(teller, events, window)
    yield from (recording.click(teller, one, window) for one in recording.clicks(events))
    yield from recording.places(teller, events)
    yield from recording.interactions(teller, events, *_heights(chunk))
    yield from recording.inputs(teller, events, window)
    yield from _told(teller, events)


def _heights(chunk: Json) -> tuple[int, int]:
    """Of the viewport and of the document, in px; 0 for what is not told."""
    return whole(chunk.get("h"), 0), whole(chunk.get("height"), 0)


def _views(teller: Teller, events: Sequence[Json], title: str, referrer: str) -> Iterator[Event]:
    """A document that was loaded, or an address that a page took on by itself.

    A recorder that begins anew within a document (rrweb's checkout) is no view.
    """
    before = [{"type": 0}, *events]
    for last, event in pairwise(before):
        if event.get("type") == recording.META and last.get("type") != recording.INCREMENTAL:
            yield _view(teller, event, event["data"], title, referrer)
        elif event.get("type") == CUSTOM and event["data"].get("tag") == "$pageview":
            yield _view(teller, event, event["data"]["payload"], title, "")


def _view(teller: Teller, event: Json, said: Json, title: str, referrer: str) -> Event:
    url = text(said["href"])
    event_id = derived_id(NAME, teller.session_id, "view", event["timestamp"], url)
    view = {"page_title": clip(title), "page_path": path_of(url)}
    kind, where = EventType.EVENT_TYPE_PAGE_VIEW, page(url, title, referrer)
    return teller.event(event_id, kind, at=event["timestamp"], page_view=view, page=where)


def _told(teller: Teller, events: Sequence[Json]) -> Iterator[Event]:
    """What a page's own code put into the recording: errors, forms sent, who it is."""
    for event in events:
        if event.get("type") != CUSTOM or event["data"].get("tag") not in _TOLD:
            continue
        tag, said = event["data"]["tag"], event["data"].get("payload") or {}
        kind, payload = _TOLD[tag](said)
        event_id = content_id(NAME, [teller.session_id, event])
        yield teller.event(event_id, kind, at=event["timestamp"], **payload)


def _error(said: Json) -> tuple[int, Json]:
    told = {
        "message": clip(said.get("message")),
        "error_type": clip(said.get("type")),
        "stack": clip(said.get("stack")) or None,
        "filename": clip(said.get("filename")) or None,
    }
    return EventType.EVENT_TYPE_JS_ERROR, {"js_error": told}


def _submit(said: Json) -> tuple[int, Json]:
    sent = {"form_id": clip(said.get("id")) or None, "success": True}
    return EventType.EVENT_TYPE_FORM_SUBMIT, {"form_submit": sent}


def _identify(said: Json) -> tuple[int, Json]:
    traits = {name: value for name, value in said.items() if name != "user"}
    told = {"user_id": clip(said.get("user")), "traits": texts(traits)}
    return EventType.EVENT_TYPE_IDENTIFY, {"identify": told}


_TOLD = {"error": _error, "submit": _submit, "identify": _identify}
