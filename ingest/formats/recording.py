"""rrweb recordings: kept as replay payloads, and what they tell of clicks, scrolls and requests."""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
from gosight.events_pb2 import Event, EventType

from ingest.formats.elements import Element, target
from ingest.formats.request import GZIP_MAGIC, Json, inflate_text
from ingest.formats.telling import Teller, derived_id
from ingest.formats.values import clip, optional, page, whole

# rrweb's EventType and IncrementalSource.
FULL_SNAPSHOT, INCREMENTAL, META, PLUGIN = 2, 3, 4, 6
MUTATION, MOUSE_MOVE, MOUSE_INTERACTION, SCROLL, INPUT = 0, 1, 2, 3, 5
CLICK, CONTEXT_MENU, DOUBLE_CLICK = 2, 3, 4
_CLICKS = {
    CLICK: EventType.EVENT_TYPE_CLICK,
    CONTEXT_MENU: EventType.EVENT_TYPE_CONTEXT_MENU,
    DOUBLE_CLICK: EventType.EVENT_TYPE_DBLCLICK,
}
_BUTTONS = {CONTEXT_MENU: 2}
DOCUMENT_NODE = 1
ELEMENT_NODE, TEXT_NODE = 2, 3
# One event of details holds so many elements, so that none comes near its size limit.
NODES_PER_EVENT = 500
MAX_NODES = 5_000
# Fast rather than small: this is done while the SDK waits.
GZIP_LEVEL = 3
NODES, SNAPSHOT = "nodes", "snapshot"
_UNSEEN = frozenset({"head", "script", "style", "noscript", "template"})
_MASKS = frozenset("*•")


def readable(event: Json) -> Json:
    """A PostHog rrweb event with its gzipped parts as rrweb wrote them."""
    if not event.get("cv"):
        return event
    data = event["data"]
    if isinstance(data, str):
        plain: Any = orjson.loads(inflate_text(data))
    else:
        plain = {name: _inflated(value) for name, value in data.items()}
    return {"type": event["type"], "data": plain, "timestamp": event["timestamp"]}


def without_headers(event: Json) -> Json:
    """A network plugin's event less the headers of requests, which may hold what is private."""
    if event.get("type") != PLUGIN or "network" not in str(event["data"].get("plugin")):
        return event
    payload = event["data"]["payload"]
    told = [
        {name: value for name, value in request.items() if not name.endswith("Headers")}
        for request in payload.get("requests", ())
    ]
    return {**event, "data": {**event["data"], "payload": {**payload, "requests": told}}}


def _inflated(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(GZIP_MAGIC.decode("latin-1")):
        return orjson.loads(inflate_text(value))
    return value


def replay(teller: Teller, event_id: str, events: Sequence[Json], window: str) -> Event:
    """One payload of what one window recorded; its time is the first event's.

    Each event names its window, since several windows of a session cannot play in one player.
    """
    named = [{**event, "windowId": window} for event in events] if window else events
    data = gzip.compress(orjson.dumps(named), GZIP_LEVEL, mtime=0)
    payload = {"rrweb_type": whole(events[0]["type"]), "data": data}
    at = whole(events[0]["timestamp"], 0, 2**53)
    return teller.event(event_id, EventType.EVENT_TYPE_REPLAY, at=at, replay=payload)


def interactions(
    teller: Teller, events: Iterable[Json], viewport: int = 0, height: int = 0
) -> Iterator[Event]:
    """Scrolls and movements of the pointer, which an SDK that records does not tell else."""
    for event in events:
        source = _source(event)
        if source == SCROLL and event["data"].get("id") == DOCUMENT_NODE:
            yield _scroll(teller, event, viewport, height)
        elif source == MOUSE_MOVE:
            yield _movement(teller, event)


def clicks(events: Iterable[Json]) -> Iterator[Json]:
    """rrweb's clicks of any button; touches come as clicks, too."""
    return (event for event in events if _is_click(event))


def _is_click(event: Json) -> bool:
    return _source(event) == MOUSE_INTERACTION and event["data"].get("type") in _CLICKS


def click(teller: Teller, event: Json, window: str) -> Event:
    """A click of an SDK that tells clicks in recordings alone; `nodes` tells what it hit."""
    data = event["data"]
    payload = {"button": _BUTTONS.get(data["type"], 0)}
    kind = _CLICKS[data["type"]]
    return teller.event(
        _id(teller, event), kind, at=event["timestamp"], click=payload, custom=_node(data, window)
    )


def places(teller: Teller, events: Iterable[Json]) -> Iterator[Event]:
    """Where clicks were in the viewport, and how far new documents were scrolled."""
    kind = EventType.EVENT_TYPE_CLICK_DETAIL
    for event in events:
        if _is_click(event):
            data = event["data"]
            place = {"position": {"x": whole(data.get("x")), "y": whole(data.get("y"))}}
            yield teller.event(_id(teller, event, "at"), kind, at=event["timestamp"], click=place)
        elif event.get("type") == FULL_SNAPSHOT:
            top = whole((event["data"].get("initialOffset") or {}).get("top"))
            said = {"name": SNAPSHOT, "properties": {"top": str(top)}}
            event_id = derived_id(SNAPSHOT, teller.session_id, event["timestamp"])
            yield teller.event(event_id, kind, at=event["timestamp"], custom_event=said)


def _node(data: Json, window: str) -> dict[str, str]:
    return {"rrweb_node": str(data.get("id", "")), "rrweb_window": window}


def _id(teller: Teller, event: Json, *more: str) -> str:
    data = event["data"]
    of = (data.get("source"), data.get("type"), data.get("id"), event["timestamp"], *more)
    return derived_id("rrweb", teller.session_id, *of)


def _source(event: Json) -> int:
    data = event.get("data")
    if event.get("type") != INCREMENTAL or not isinstance(data, dict):
        return -1
    source = data.get("source")
    return source if type(source) is int else -1


def _scroll(teller: Teller, event: Json, viewport: int, height: int) -> Event:
    """`height` of the document and of the viewport, in px, where they are told."""
    top = whole(event["data"].get("y"))
    seen = whole(100 * (top + viewport) / height, 0, 100) if height else 0
    payload = {"scroll_top": top, "scroll_depth_px": top + viewport, "page_height": height}
    payload["scroll_depth_percent"] = seen
    kind = EventType.EVENT_TYPE_SCROLL
    return teller.event(_id(teller, event), kind, at=event["timestamp"], scroll=payload)


def _movement(teller: Teller, event: Json) -> Event:
    positions = [
        {"x": whole(one["x"]), "y": whole(one["y"]), "timestamp": whole(one["timeOffset"])}
        for one in event["data"].get("positions", ())
    ]
    kind, payload = EventType.EVENT_TYPE_MOUSE_MOVE, {"positions": positions}
    return teller.event(_id(teller, event), kind, at=event["timestamp"], mouse_move=payload)


def inputs(teller: Teller, events: Iterable[Json], window: str) -> Iterator[Event]:
    """The last change of each run of changes of one field: rrweb tells every key."""
    pending: Json | None = None
    for event in events:
        if _source(event) != INPUT:
            continue
        if pending is not None and pending["data"]["id"] != event["data"]["id"]:
            yield _input(teller, pending, window)
        pending = event
    if pending is not None:
        yield _input(teller, pending, window)


def _input(teller: Teller, event: Json, window: str) -> Event:
    said = clip(event["data"].get("text"))
    payload = {"value_length": len(said), "is_masked": bool(said) and set(said) <= _MASKS}
    kind, custom = EventType.EVENT_TYPE_INPUT_CHANGE, _node(event["data"], window)
    event_id = _id(teller, event, "input")
    return teller.event(event_id, kind, at=event["timestamp"], input_change=payload, custom=custom)


def requests(teller: Teller, events: Iterable[Json]) -> Iterator[Event]:
    """What PostHog's network plugin saw: requests of the page's code, and how it loaded."""
    for event in events:
        if event.get("type") != PLUGIN or "network" not in str(event["data"].get("plugin")):
            continue
        for request in event["data"]["payload"].get("requests", ()):
            if request.get("initiatorType") in ("fetch", "xmlhttprequest"):
                yield _request(teller, request)
            elif request.get("entryType") == "navigation":
                yield _load(teller, request)


def _request(teller: Teller, request: Json) -> Event:
    took = whole(request.get("duration"), 0)
    is_fetch = request["initiatorType"] == "fetch"
    payload = {
        "method": clip(request.get("method")) or "GET",
        "url": clip(request.get("name")),
        "status": whole(request.get("responseStatus") or request.get("status"), 0),
        "duration_ms": took,
        "response_size": optional(request.get("transferSize")),
        "request_type": 1 if is_fetch else 0,
    }
    kind = EventType.EVENT_TYPE_FETCH_REQUEST if is_fetch else EventType.EVENT_TYPE_XHR_REQUEST
    return teller.event(
        _request_id(teller, request), kind, at=request["timestamp"] + took, network_request=payload
    )


def _request_id(teller: Teller, request: Json) -> str:
    of = (request.get("name"), request.get("startTime"), request["timestamp"])
    return derived_id("rrweb/network", teller.session_id, *of)


def _load(teller: Teller, entry: Json) -> Event:
    payload = {
        "ttfb": optional(entry.get("responseStart")),
        "dom_content_loaded": optional(entry.get("domContentLoadedEventEnd")),
        "load_complete": optional(entry.get("loadEventEnd")),
    }
    at = entry["timestamp"] + whole(entry.get("duration"), 0)
    return teller.event(
        _request_id(teller, entry),
        EventType.EVENT_TYPE_PAGE_LOAD,
        at=at,
        performance=payload,
        page=page(clip(entry.get("name"))),
    )


def nodes(teller: Teller, events: Iterable[Json], window: str) -> Iterator[Event]:
    """Which element each number of a recording means, as it is told: snapshots and additions."""
    for event in events:
        found = _elements_of(event)
        for first in range(0, min(len(found), MAX_NODES), NODES_PER_EVENT):
            part = dict(found[first : first + NODES_PER_EVENT])
            event_id = derived_id("nodes", teller.session_id, window, event["timestamp"], *part)
            payload = {"name": NODES, "properties": part, "category": window}
            kind = EventType.EVENT_TYPE_CLICK_DETAIL
            yield teller.event(event_id, kind, at=event["timestamp"], custom_event=payload)


def _elements_of(event: Json) -> list[tuple[str, str]]:
    data = event.get("data")
    if event.get("type") == FULL_SNAPSHOT and isinstance(data, dict):
        return list(_walk(data["node"], (), 0))
    if _source(event) == MUTATION:
        return [pair for added in event["data"].get("adds", ()) for pair in _added(added)]
    return []


def _added(added: Json) -> Iterator[tuple[str, str]]:
    """Its ancestors were told before, under numbers alone: its selector begins with itself."""
    return _walk(added["node"], (), 0)


def _walk(node: Json, outer: tuple[Element, ...], nth: int) -> Iterator[tuple[str, str]]:
    """Number and target of a node's element and of those within."""
    chain = outer
    if node.get("type") == ELEMENT_NODE:
        if node.get("tagName") in _UNSEEN:
            return
        chain = (_element(node, nth), *outer)
        said = {name: value for name, value in target(chain).items() if value}
        yield str(node["id"]), orjson.dumps(said).decode()
    seen: dict[str, int] = {}
    for child in node.get("childNodes", ()):
        tag = str(child.get("tagName", ""))
        seen[tag] = seen.get(tag, 0) + 1
        yield from _walk(child, chain, seen[tag])


def _element(node: Json, nth: int) -> Element:
    said = " ".join(
        str(child.get("textContent", "")).strip()
        for child in node.get("childNodes", ())
        if child.get("type") == TEXT_NODE
    )
    attributes = {
        name: str(value)
        for name, value in node.get("attributes", {}).items()
        if isinstance(value, str | int | float) and not name.startswith(("_", "rr_"))
    }
    return Element(str(node.get("tagName", "")).lower(), attributes, said.strip(), nth)
