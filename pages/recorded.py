"""Recordings of pages as they may be shown: nothing in them reaches outside, or runs.

rrweb keeps addresses of pictures, style sheets and fonts. A browser that shows them would tell
those hosts who looks at whose visit, so every address that is not in the recording itself goes.
What the recorder masked is masked here too: nothing is ever put back.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from ingest.decode.json_text import repaired
from ingest.decode.rrweb import PayloadError, inflate, rrweb_events

Event = dict[str, Any]
FULL_SNAPSHOT, META = 2, 4
LONGEST_PAYLOAD_MS = 24 * 60 * 60 * 1000
# Attributes that name a resource or a place to go.
ADDRESSES = {
    *("src", "srcset", "href", "xlink:href", "poster", "data", "background"),
    *("action", "formaction", "ping", "cite", "rr_src"),
}
CSS_URL = re.compile(r"url\(\s*(?!['\"]?(?:data:|#))[^)]*\)", re.IGNORECASE)
CSS_IMPORT = re.compile(r"@import[^;]*(;|$)", re.IGNORECASE)
DATA = re.compile(r"\s*data:(?:image|font)/", re.IGNORECASE)


def events_of(payloads: Iterable[tuple[bytes, datetime]]) -> Iterator[Event]:
    """Events of payloads in order, at the payloads' own times; what cannot be decoded goes."""
    for data, started_at in payloads:
        try:
            events = rrweb_events(repaired(inflate(data)))
        except PayloadError:
            continue
        start_ms = round(started_at.timestamp() * 1_000)
        for event in events:
            yield {**event, "timestamp": start_ms + _offset(event, events[0])}


def window_of(events: list[Event]) -> list[Event]:
    """Of several windows the one where most happened: no player plays two at once."""
    by_window: dict[str, list[Event]] = {}
    for event in events:
        by_window.setdefault(str(event.get("windowId", "")), []).append(event)
    return max(by_window.values(), key=len, default=[])


def closed(value: Any, key: str = "") -> Any:
    """The same event without an address that leads outside, and without handlers."""
    if isinstance(value, dict):
        return {
            name: closed(part, name) for name, part in value.items() if not name.startswith("on")
        }
    if isinstance(value, list):
        return [closed(part, key) for part in value]
    if isinstance(value, str):
        return closed_text(value, key)
    return value


def closed_text(value: str, key: str) -> str:
    """A string of a recording, by the name of what holds it."""
    if key.lower() in ADDRESSES:
        return value if DATA.match(value) or value.startswith("#") else ""
    return closed_css(value) if "url(" in value.lower() or "@import" in value.lower() else value


def closed_css(text: str) -> str:
    """A style sheet that fetches nothing."""
    return CSS_URL.sub("none", CSS_IMPORT.sub("", text))


def _offset(event: Event, first: Event) -> int:
    """Milliseconds from the payload's first event; 0 where the recorder's clock makes no sense."""
    times = (event.get("timestamp"), first.get("timestamp"))
    if not all(isinstance(time, int | float) for time in times):
        return 0
    offset = event["timestamp"] - first["timestamp"]
    return int(offset) if abs(offset) <= LONGEST_PAYLOAD_MS else 0
