"""JSON values of any writing as our contract has them: texts, numbers, times, pages."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from gosight.common_pb2 import DeviceType, PageContext

MAX_TEXT = 8_000
MAX_ID = 400  # of a user or a device
INT32 = 2**31 - 1
_SIZE = re.compile(r"(\d{1,6})x(\d{1,6})")
_DEVICE_TYPES = {
    "desktop": DeviceType.DEVICE_TYPE_DESKTOP,
    "tablet": DeviceType.DEVICE_TYPE_TABLET,
    "mobile": DeviceType.DEVICE_TYPE_MOBILE,
}


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
    if type(value) is int:  # as nearly all are
        return max(low, min(high, value))
    if isinstance(value, bool) or value is None:
        return 0
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0
    return int(max(low, min(high, round(number)))) if math.isfinite(number) else 0


def object_of(value: Any) -> dict[str, Any]:
    """A JSON object; empty for what is none."""
    return value if isinstance(value, dict) else {}


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


def sent_at_of(*values: Any) -> int:
    """When a batch was sent, as the first of these that says something says it; else 0."""
    try:
        return moment_of(next(filter(None, values), 0))
    except (ValueError, TypeError, OverflowError):
        return 0


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


def device_type(name: str) -> DeviceType:
    """Unspecified for a name that is none of ours."""
    return _DEVICE_TYPES.get(name.lower(), DeviceType.DEVICE_TYPE_UNSPECIFIED)


def size(value: Any) -> tuple[int, int]:
    """`1280x800` to numbers; zeros for what is none."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    return (int(found[1]), int(found[2])) if found else (0, 0)
