"""Browser, system and kind of device from a user agent, where the SDK sent none of them."""

from dataclasses import dataclass
from functools import lru_cache

import ua_parser

TABLETS = ("iPad", "Tablet", "Kindle", "PlayBook", "Silk")


@dataclass(frozen=True, slots=True)
class Device:
    """'' for what the user agent does not tell; `kind` is desktop, tablet, mobile or ''."""

    browser: str = ""
    browser_version: str = ""
    os: str = ""
    os_version: str = ""
    kind: str = ""


@lru_cache(maxsize=20_000)
def device_of(user_agent: str) -> Device:
    """By the rules of ua-parser's pinned release: the same text gives the same answer."""
    if not user_agent:
        return Device()
    found = ua_parser.parse(user_agent)
    browser, system = found.user_agent, found.os
    return Device(
        browser=browser.family if browser else "",
        browser_version=_version(browser.major, browser.minor) if browser else "",
        os=system.family if system else "",
        os_version=_version(system.major, system.minor) if system else "",
        kind=_kind(user_agent, system.family if system else ""),
    )


def _version(*parts: str | None) -> str:
    return ".".join(part for part in parts if part)


def _kind(user_agent: str, system: str) -> str:
    if any(word in user_agent for word in TABLETS):
        return "tablet"
    if system == "Android":
        return "mobile" if "Mobile" in user_agent else "tablet"
    if system == "iOS" or "Mobile" in user_agent:
        return "mobile"
    is_desktop = system in {"Windows", "Mac OS X", "Linux", "Ubuntu", "Fedora", "Chrome OS"}
    return "desktop" if is_desktop else ""
