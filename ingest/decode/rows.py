"""Decoded events to rows of raw.events and raw.replay_chunks, with all columns ingest fills."""

from collections.abc import Callable
from functools import cache
from typing import Any

import orjson

from ingest.decode.device import device_of
from ingest.decode.events import BatchFacts, Decoded
from ingest.decode.flat import Json

Row = dict[str, Any]

_GEO = {
    "ip": "ip",
    "country": "country",
    "country_code": "countryCode",
    "region": "region",
    "city": "city",
}
_BUTTONS = {"MOUSE_BUTTON_MIDDLE": "middle", "MOUSE_BUTTON_RIGHT": "right"}
_DIRECTIONS = {"SCROLL_DIRECTION_UP": "up"}
_DEVICE_TYPES = {
    "DEVICE_TYPE_DESKTOP": "desktop",
    "DEVICE_TYPE_TABLET": "tablet",
    "DEVICE_TYPE_MOBILE": "mobile",
}
_REQUEST_TYPES = {
    "NETWORK_REQUEST_TYPE_FETCH": "fetch",
    "NETWORK_REQUEST_TYPE_WEBSOCKET": "websocket",
}
# XHR is the enum's zero, so an SDK that leaves the field out is judged by its event type.
_REQUEST_TYPE_OF_EVENT = {"fetch_request": "fetch", "websocket": "websocket"}


_NO_DEVICE: Json = {}


class Templates:
    """Rows as far as batch and device tell them, made once: the events of a block share them.

    Both are known by identity, so it serves while the events are held, and no longer.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[int, int], Row] = {}

    def row(self, batch: BatchFacts, device: Json) -> Row:
        """A new one."""
        key = (id(batch), id(device))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = _empty_row() | _of_batch(batch) | _of_device(batch, device)
        return made.copy()


@cache
def _empty_row() -> Row:
    """Arrow is loaded by the first row, not by who only reads."""
    from ingest.decode.arrow import EVENTS, empty_row

    return empty_row(EVENTS)


def event_row(event: Decoded, batch: BatchFacts, templates: Templates | None = None) -> Row:
    """A row of raw.events; a column of which nothing is told has its default."""
    metadata = event.metadata
    row = (templates or Templates()).row(batch, metadata.get("device", _NO_DEVICE))
    row["event_id"] = event.event_id
    row["session_id"] = event.session_id
    row["user_id"] = event.user_id or ""
    row["device_id"] = metadata.get("deviceId", "")
    row["event_type"] = event.event_type
    row["timestamp"] = event.timestamp
    row["position"] = event.position
    if "custom" in metadata:
        row["custom"] = orjson.dumps(metadata["custom"]).decode()
    if event.payload_name is not None:
        payload = metadata[event.payload_name]
        row["payload"] = (event.payload_json or orjson.dumps(payload)).decode()
        _PAYLOADS[event.payload_name](payload, row)
    if "page" in metadata:
        _page(metadata["page"], row)
    return row


def replay_row(event: Decoded, batch: BatchFacts) -> Row:
    """A row of raw.replay_chunks."""
    return {
        "project_id": batch.project_id,
        "event_id": event.event_id,
        "session_id": event.session_id,
        "timestamp": event.timestamp,
        "rrweb_type": event.replay_type,
        "data": event.replay_data,
        "batch_id": batch.batch_id,
        "clock_skew_ms": batch.clock_skew_ms,
        "ingested_at": batch.ingested_at,
        "sent_at": batch.sent_at,
        "position": event.position,
    }


def _page(page: Json, row: Row) -> None:
    row["url"] = page.get("url", "")
    row["referrer"] = page.get("referrer", "")
    # What the page_view said stays where the page context says nothing.
    if "path" in page:
        row["path"] = page["path"]
    if "title" in page:
        row["title"] = page["title"]


def _of_batch(batch: BatchFacts) -> Row:
    return {
        "project_id": batch.project_id,
        "batch_id": batch.batch_id,
        "sdk_version": batch.sdk_version,
        "clock_skew_ms": batch.clock_skew_ms,
        "ingested_at": batch.ingested_at,
        "sent_at": batch.sent_at,
        **{column: batch.geo.get(name, "") for column, name in _GEO.items()},
    }


def _of_device(batch: BatchFacts, device: Json) -> Row:
    """What the SDK says; what it leaves out is told by the user agent, its own or the request's."""
    get = device.get
    agent = get("userAgent", "") or batch.user_agent
    row: Row = {
        "user_agent": agent,
        "browser": get("browser", ""),
        "browser_version": get("browserVersion", ""),
        "os": get("os", ""),
        "os_version": get("osVersion", ""),
        "device_type": _DEVICE_TYPES.get(get("deviceType", ""), ""),
        "screen_width": max(0, get("screenWidth", 0)),
        "screen_height": max(0, get("screenHeight", 0)),
        "viewport_width": max(0, get("viewportWidth", 0)),
        "viewport_height": max(0, get("viewportHeight", 0)),
        "device_pixel_ratio": get("devicePixelRatio", 0.0),
        "language": get("language", ""),
        "timezone": get("timezone", ""),
    }
    if agent:
        _tell(row, agent)
    return row


def _tell(row: Row, agent: str) -> None:
    if row["browser"] and row["os"] and row["device_type"]:
        return
    told = device_of(agent)
    if not row["browser"]:
        row["browser"], row["browser_version"] = told.browser, told.browser_version
    if not row["os"]:
        row["os"], row["os_version"] = told.os, told.os_version
    row["device_type"] = row["device_type"] or told.kind


def _session_start(payload: Json, row: Row) -> None:
    row["entry_url"] = payload.get("entryUrl", "")
    for part in ("Source", "Medium", "Campaign", "Term", "Content"):
        row[f"utm_{part.lower()}"] = payload.get(f"utm{part}", "")


def _page_view(payload: Json, row: Row) -> None:
    row["path"] = payload.get("pagePath", "")
    row["title"] = payload.get("pageTitle", "")


def _page_exit(payload: Json, row: Row) -> None:
    row["time_on_page_ms"] = int(payload.get("timeOnPageMs", 0))
    row["scroll_depth"] = payload.get("maxScrollDepth", 0)


def _click(payload: Json, row: Row) -> None:
    position = payload.get("position")
    if position is not None:
        row["click_x"] = position.get("x", 0)
        row["click_y"] = position.get("y", 0)
    button = payload.get("button")
    row["click_button"] = "left" if button is None else _BUTTONS.get(button, "")
    _target(payload, row)


def _target(payload: Json, row: Row) -> None:
    target = payload.get("target")
    if target is None:
        return
    row["target_selector"] = target.get("selector")
    row["target_tag"] = target["tag"].lower() if "tag" in target else None
    row["target_text"] = target.get("text")
    row["target_id"] = target.get("id")
    row["target_href"] = target.get("href")
    row["target_classes"] = target.get("classes", [])
    attributes = target.get("attributes")
    if attributes:
        lower = {key.lower(): attributes[key] for key in sorted(attributes)}
        row["target_attributes"] = list(lower.items())
    rect = target.get("rect")
    if rect is not None:
        for side in ("top", "left", "width", "height"):
            row[f"target_{side}"] = rect.get(side, 0)


def _mouse_move(payload: Json, row: Row) -> None:
    positions = payload.get("positions", [])
    row["move_x"] = [one.get("x", 0) for one in positions]
    row["move_y"] = [one.get("y", 0) for one in positions]
    row["move_t"] = [int(one.get("timestamp", 0)) for one in positions]


def _scroll(payload: Json, row: Row) -> None:
    row["scroll_top"] = payload.get("scrollTop", 0)
    row["scroll_depth"] = payload.get("scrollDepthPercent", 0)
    direction = payload.get("direction")
    row["scroll_direction"] = "down" if direction is None else _DIRECTIONS.get(direction)


def _form(payload: Json, row: Row) -> None:
    row["form_id"] = payload.get("formId")
    row["form_success"] = payload.get("success", False)


def _error(payload: Json, row: Row) -> None:
    row["error_message"] = payload.get("message")
    row["error_stack"] = payload.get("stack")
    row["error_type"] = payload.get("errorType")
    row["error_filename"] = payload.get("filename")


def _performance(payload: Json, row: Row) -> None:
    row["lcp"] = payload.get("largestContentfulPaint")
    row["fid"] = payload.get("firstInputDelay")
    row["cls"] = payload.get("cumulativeLayoutShift")
    row["ttfb"] = payload.get("ttfb")
    row["inp"] = payload.get("interactionToNextPaint")
    row["fcp"] = payload.get("firstContentfulPaint")
    row["load_complete"] = payload.get("loadComplete")


def _network(payload: Json, row: Row) -> None:
    kind = payload.get("requestType")
    if kind is None:
        row["request_type"] = _REQUEST_TYPE_OF_EVENT.get(row["event_type"], "xhr")
    else:
        row["request_type"] = _REQUEST_TYPES.get(kind, "")
    row["request_method"] = payload.get("method", "").upper()
    row["request_url"] = payload.get("url")
    row["request_status"] = payload.get("status", 0)
    row["request_duration_ms"] = int(payload.get("durationMs", 0))


def _custom(payload: Json, row: Row) -> None:
    row["custom_name"] = payload.get("name", "")


def _identify(payload: Json, row: Row) -> None:
    row["user_id"] = row["user_id"] or payload.get("userId", "")


def _nothing(_payload: Json, _row: Row) -> None:
    """All of it stays in the payload column."""


_PAYLOADS: dict[str, Callable[[Json, Row], None]] = {
    "sessionStart": _session_start,
    "sessionEnd": _nothing,
    "pageView": _page_view,
    "pageExit": _page_exit,
    "click": _click,
    "mouseMove": _mouse_move,
    "scroll": _scroll,
    "inputChange": _target,
    "inputFocus": _target,
    "formSubmit": _form,
    "jsError": _error,
    "performance": _performance,
    "networkRequest": _network,
    "customEvent": _custom,
    "identify": _identify,
}
