"""What PostHog's SDKs say of the device."""

from functools import lru_cache
from typing import Any

from gosight.common_pb2 import DeviceInfo

from ingest.formats.request import Json
from ingest.formats.values import clip, device_type, text, whole

_SIZES = ("screen_width", "screen_height", "viewport_width", "viewport_height")
_DEVICE = (
    *("$raw_user_agent", "$browser", "$browser_version", "$os", "$os_version", "$device_type"),
    *("$browser_language", "$timezone"),
    *(f"${size}" for size in _SIZES),
)


def device_of(properties: Json) -> DeviceInfo:
    """Of the properties of any event."""
    said = tuple(map(properties.get, _DEVICE))
    try:
        return _device_of(*said)
    except TypeError:  # something that is no text, nor a number
        return _device_of(*map(text, said))


@lru_cache(1_024)
def _device_of(*said: Any) -> DeviceInfo:
    """In the order of _DEVICE. The message is shared by all events of a device."""
    agent, browser, version, os, os_version, kind, language, timezone, *sizes = said
    return DeviceInfo(
        user_agent=clip(agent),
        browser=clip(browser),
        browser_version=clip(version),
        os=clip(os),
        os_version=clip(os_version),
        device_type=device_type(text(kind)),
        language=clip(language),
        timezone=clip(timezone),
        **dict(zip(_SIZES, map(whole, sizes), strict=True)),
    )
