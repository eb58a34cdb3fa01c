"""Events of our contract as adapters make them: ids that do not move, times, pages, devices."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import orjson
from gosight.common_pb2 import DeviceInfo, DeviceType, PageContext, Timestamp
from gosight.events_pb2 import Event, EventType

from ingest.decode.checks import canonical_uuid, is_uuid
from ingest.decode.envelope import Envelope, Malformed, check_count

# Everything derived is derived from this; another one would land every visit anew.
NAMESPACE = UUID("6d0c1a1e-9c1b-5f6e-8d37-0b0f3f6a4c11")
MAX_TEXT = 8_000
INT32 = 2**31 - 1
_SIZE = re.compile(r"(\d{1,6})x(\d{1,6})")
_DEVICE_TYPES = {
    "desktop": DeviceType.DEVICE_TYPE_DESKTOP,
    "tablet": DeviceType.DEVICE_TYPE_TABLET,
    "mobile": DeviceType.DEVICE_TYPE_MOBILE,
}
# What reading a message of an unknown shape raises.
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


def derived_id(*parts: object) -> str:
    """Always the same UUID for the same parts."""
    return str(uuid5(NAMESPACE, "\n".join(map(str, parts))))


@lru_cache(4_096)
def uuid_of(kind: str, text: str) -> str:
    """The text itself where it is a UUID, else one derived from it."""
    return canonical_uuid(text) if is_uuid(text) else derived_id(kind, text)


def content_id(kind: str, message: Any) -> str:
    """For a message that has no id: one of all that it says."""
    return derived_id(kind, orjson.dumps(message, option=orjson.OPT_SORT_KEYS).decode())


@dataclass(frozen=True, slots=True)
class Teller:
    """What the events of one message have in common; `at` is ms since 1970."""

    session_id: str
    at: int
    user_id: str = ""
    page: PageContext | None = None
    device: DeviceInfo | None = None

    def event(self, event_id: str, kind: int, *, at: int | None = None, **payload: Any) -> Event:
        """One event; the keyword is the payload's field, None where the type needs none."""
        return Event(
            event_id=event_id,
            session_id=self.session_id,
            user_id=self.user_id or None,
            event_type=kind,  # type: ignore[arg-type]
            timestamp=Timestamp(millis=self.at if at is None else at),
            page=payload.pop("page", self.page),
            device=self.device,
            **payload,
        )

    def custom(self, event_id: str, name: str, properties: Mapping[str, Any]) -> Event:
        """Something the site's own code told."""
        payload = {"name": clip(name), "properties": texts(properties)}
        return self.event(event_id, EventType.EVENT_TYPE_CUSTOM, custom_event=payload)

    def signal(self, event_id: str, name: str, properties: Mapping[str, Any]) -> Event:
        """Something the SDK found by itself: kept, never counted beside what is computed here."""
        payload = {"name": clip(name), "properties": texts(properties)}
        return self.event(event_id, EventType.EVENT_TYPE_SDK_SIGNAL, custom_event=payload)


def envelope(
    key: str,
    sdk: str,
    sent_at: int,
    received_at: int,
    messages: Iterable[Any],
    read: Callable[[Any], Iterable[Event]],
) -> Envelope:
    """Messages that cannot be read are refused one by one, as events are.

    Proxies and queues between these SDKs and this door pass bodies on later, as they were: only a
    `sent_at` that is still to come tells of the device's clock.
    BatchTooLargeError for more events than a batch may have.
    """
    events: list[Event | Malformed] = []
    for message in messages:
        try:
            events.extend(read(message))
        except UNREADABLE as error:
            events.append(_malformed(message, error))
        check_count(len(events))
    return Envelope(key, sdk, sent_at, events, is_sent_now=sent_at > received_at)


def _malformed(message: Any, error: Exception) -> Malformed:
    raw = orjson.dumps(message, default=repr) if _is_unicode(message) else repr(message).encode()
    return Malformed("", "", f"{type(error).__name__}: {error}"[:200], raw)


def _is_unicode(message: Any) -> bool:
    try:
        orjson.dumps(message, default=repr)
    except TypeError:
        return False
    return True


def text(value: Any) -> str:
    """A JSON value as text; null is ''."""
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()


def clip(value: Any, length: int = MAX_TEXT) -> str:
    """As `text`, cut."""
    return text(value)[:length]


def texts(properties: Mapping[str, Any]) -> dict[str, str]:
    """Properties that say something, as our maps hold them."""
    return {name: clip(value) for name, value in properties.items() if value is not None}


def whole(value: Any, low: int = -INT32, high: int = INT32) -> int:
    """A number of any writing as an integer within bounds; 0 for what is none."""
    if isinstance(value, bool) or value is None:
        return 0
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0
    return int(max(low, min(high, round(number)))) if math.isfinite(number) else 0


def optional(value: Any) -> int | None:
    """As `whole`; None stays None, so that an absent number is not 0."""
    return None if value is None else whole(value)


@lru_cache(256)
def millis(moment: str) -> int:
    """ISO 8601, of UTC where it names no zone, to ms; ValueError for what is none."""
    parsed = datetime.fromisoformat(moment)
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return round(parsed.timestamp() * 1000)


def moment_of(value: Any) -> int:
    """Milliseconds from ISO 8601 or from a number of ms; 0 where there is none."""
    if isinstance(value, str) and not value.isdecimal():
        return millis(value) if value else 0
    return whole(value, 0, 2**53)


@lru_cache(512)
def page(url: str, title: str = "", referrer: str = "", path: str = "") -> PageContext:
    """The path is the URL's where none is given. The message is shared: do not change it."""
    return PageContext(
        url=url, path=path or path_of(url), title=title[:MAX_TEXT], referrer=referrer
    )


@lru_cache(512)
def path_of(url: str) -> str:
    """'' for no URL, '/' for one without a path."""
    try:
        return (urlsplit(url).path or "/") if url else ""
    except ValueError:
        return ""


def device_type(name: str) -> int:
    """Unspecified for a name that is none of ours."""
    return _DEVICE_TYPES.get(name.lower(), DeviceType.DEVICE_TYPE_UNSPECIFIED)


def size(value: Any) -> tuple[int, int]:
    """`1280x800` to numbers; zeros for what is none."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    return (int(found[1]), int(found[2])) if found else (0, 0)
