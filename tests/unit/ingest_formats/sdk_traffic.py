"""Visits as SDKs send them, made up: for histories and kills that know nothing of formats."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import orjson
from gosight.events_pb2 import Event

from ingest.formats.request import Request
from ingest.formats.routes import find

SHOP = "https://shop.test"
PATHS = ("/", "/product/7", "/cart")
BUTTONS = ("add", "pay")
SECOND = 1_000
HOUR = 3_600_000
SNAPSHOT = {
    "type": 0,
    "id": 1,
    "childNodes": [
        {"type": 2, "id": 2 + n, "tagName": "button", "attributes": {"id": name}, "childNodes": []}
        for n, name in enumerate(BUTTONS)
    ],
}
Json = dict[str, Any]
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 1e308, float("nan"), 2**70, "", "\0", "\ud83d", "9" * 400),
    *(10**400, -(10**400)),
    *([], [[]], [None], {}, {"a": {}}, {"$a.b": [1]}, "2026-99-99", "1280x", "//[", "iglu:"),
)


@dataclass(frozen=True)
class Call:
    """A POST without a key, as the SDK made it at `at`, in ms since 1970."""

    path: str
    body: Json | list[Json]
    at: int

    def events(self) -> list[Event]:
        """As the door reads them; none may be refused."""
        found = find(self.path, "POST")
        assert found is not None
        assert found.route.read is not None
        body = orjson.dumps(self.body)
        told = found.route.read(Request("POST", self.path, {}, {}, body, self.at)).events
        assert all(isinstance(one, Event) for one in told), told
        return [one for one in told if isinstance(one, Event)]


def visits(random: Random, begins: int, count: int) -> Iterator[Call]:
    """Of three pages and what is done there, each visit with another SDK as long as there are."""
    for tell in random.sample(TELL, min(count, len(TELL))):
        yield from tell(random, begins + random.randrange(HOUR))


def broken(value: Any, random: Random) -> Any:
    """A JSON value with odd values, or none, in a few places however deep."""
    if random.random() < 0.03:
        return random.choice(ODD)
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if random.random() < 0.98}
        return {name: broken(one, random) for name, one in kept.items()}
    return [broken(one, random) for one in value] if isinstance(value, list) else value


def _id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _pages(random: Random, at: int) -> Iterator[tuple[str, int, list[tuple[str, int, int, int]]]]:
    """Path, time and clicks (button, x, y, time) of each page; clicks may be a rage burst."""
    for path in PATHS:
        gaps = random.choice(((200, 200, 200), (5 * SECOND,), (), (90, 7 * SECOND)))
        clicks, moment = [], at + SECOND
        for gap in gaps:
            moment += gap
            clicks.append((random.choice(BUTTONS), random.randrange(900), 40, moment))
        yield path, at, clicks
        at = moment + random.choice((2 * SECOND, 20 * SECOND))


def _rrweb_click(button: str, x: int, y: int, at: int) -> Json:
    data = {"source": 2, "type": 2, "id": 2 + BUTTONS.index(button), "x": x, "y": y}
    return {"type": 3, "timestamp": at, "data": data}


def _film(path: str, at: int, clicks: list[tuple[str, int, int, int]]) -> list[Json]:
    meta = {"href": SHOP + path, "width": 1280, "height": 800}
    whole = {"node": SNAPSHOT, "initialOffset": {"top": 0, "left": 0}}
    scrolled = {"source": 3, "id": 1, "x": 0, "y": 300}
    return [
        {"type": 4, "timestamp": at + 1, "data": meta},
        {"type": 2, "timestamp": at + 2, "data": whole},
        *(_rrweb_click(*click) for click in clicks),
        {"type": 3, "timestamp": at + 900, "data": scrolled},
    ]


def _posthog(random: Random, at: int) -> Iterator[Call]:
    """Its clicks have no place: heatmaps and recordings, sent apart, tell it."""
    session, visitor, sees_heatmaps = _id(random), _id(random), random.random() < 0.5

    def sent(name: str, moment: int, path: str, **properties: Any) -> Call:
        said = {"$session_id": session, "$device_id": visitor, "$window_id": "w", "$lib": "web"}
        said |= {"$current_url": SHOP + path, "$pathname": path, **properties}
        event = {"event": name, "uuid": _id(random), "distinct_id": visitor, "properties": said}
        return Call("/e/", {"batch": [{**event, "timestamp": moment}]}, moment)

    for path, began, clicks in _pages(random, at):
        yield sent("$pageview", began, path)
        for button, _, _, moment in clicks:
            chain = f'button:attr__id="{button}"nth-child="1"nth-of-type="1"'
            yield sent(
                "$autocapture", moment, path, **{"$event_type": "click", "$elements_chain": chain}
            )
        last = clicks[-1][3] if clicks else began
        points = [{"x": x, "y": y, "type": "click"} for _, x, y, _ in clicks]
        if sees_heatmaps and points:
            yield sent("$$heatmap", last + 3, path, **{"$heatmap_data": {SHOP + path: points}})
        for click in clicks[:1]:
            yield sent("$rageclick", click[3] + 1, path)
        error = [{"type": "TypeError", "value": "no price", "mechanism": {"type": "onerror"}}]
        yield sent("$exception", last + 4, path, **{"$exception_list": error})
        film = _film(path, began, clicks)
        yield sent("$snapshot", last + 5, path, **{"$snapshot_data": film})
        left = {"$prev_pageview_pathname": path, "$prev_pageview_duration": 1.5}
        yield sent("$pageleave", last + SECOND, path, **left)


def _segment(random: Random, at: int) -> Iterator[Call]:
    """It names a visitor alone, who comes back after a silence that may end a session."""
    visitor = _id(random)
    for begins in (at, at + random.choice((HOUR // 3, HOUR))):
        for path, began, clicks in _pages(random, begins):
            named = {"anonymousId": visitor, "messageId": f"ajs-{_id(random)}", "timestamp": began}
            where = {"page": {"url": SHOP + path, "path": path}}
            yield Call("/v1/p", {**named, "context": where, "properties": {}}, began)
            for button, _, _, moment in clicks:
                told = {**named, "messageId": f"ajs-{_id(random)}", "timestamp": moment}
                yield Call("/v1/t", {**told, "event": button, "context": where}, moment)


def _snowplow(random: Random, at: int) -> Iterator[Call]:
    session, visitor = _id(random), _id(random)
    for path, began, clicks in _pages(random, at):
        common = {"sid": session, "duid": visitor, "url": SHOP + path, "ds": "1280x2000"}
        common |= {"vp": "1280x800"}
        seen = [("pv", began, {}), ("pp", began + 2 * SECOND, {"pp_may": "500"})]
        seen += [("se", one[3], {"se_ca": "ui", "se_ac": one[0]}) for one in clicks]
        data = [
            {**common, **more, "e": kind, "eid": _id(random), "dtm": str(moment)}
            for kind, moment, more in seen
        ]
        yield Call("/com.snowplowanalytics.snowplow/tp2", {"data": data}, began)


def _rrweb(random: Random, at: int) -> Iterator[Call]:
    session = _id(random)
    for path, began, clicks in _pages(random, at):
        chunk = {"session": session, "window": "w", "href": SHOP + path, "w": 1280, "h": 800}
        film = _film(path, began, clicks)
        half = random.randrange(1, len(film))
        yield Call("/v1/replay", {**chunk, "events": film[:half]}, began)
        yield Call("/v1/replay", {**chunk, "events": film[half:]}, began)
        vital = {"session": session, "href": SHOP + path, "name": "LCP", "id": "v1"}
        yield Call("/v1/vitals", {**vital, "at": began + 5, "value": 2_700}, began)


def _otlp(random: Random, at: int) -> Iterator[Call]:
    """Of a visitor who may be told by no session."""
    named = random.choice(("session.id", "user.pseudo.id"))
    visitor = [{"key": named, "value": {"stringValue": _id(random)}}]
    for path, began, clicks in _pages(random, at):
        document = [{"key": "http.url", "value": {"stringValue": SHOP + path}}]
        spans = [_span(random, "documentLoad", 1, began, document)]
        spans += [_span(random, "HTTP GET", 3, one[3], _called(random)) for one in clicks]
        scopes = [{"scope": {"name": "fetch"}, "spans": spans}]
        resource = {"resource": {"attributes": visitor}, "scopeSpans": scopes}
        yield Call("/v1/traces", {"resourceSpans": [resource]}, began)


def _called(random: Random) -> list[Json]:
    said = {"http.method": "GET", "http.url": SHOP + "/api/items/7"}
    status = {"key": "http.status_code", "value": {"intValue": random.choice((200, 404, 500))}}
    return [
        status,
        *({"key": name, "value": {"stringValue": value}} for name, value in said.items()),
    ]


def _span(random: Random, name: str, kind: int, at: int, said: list[Json]) -> Json:
    return {
        "traceId": f"{random.getrandbits(128):032x}",
        "spanId": f"{random.getrandbits(64):016x}",
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(at * 1_000_000),
        "endTimeUnixNano": str((at + 300) * 1_000_000),
        "attributes": said,
    }


TELL: tuple[Callable[[Random, int], Iterator[Call]], ...] = (
    *(_posthog, _segment, _snowplow, _rrweb, _otlp),
)
