"""A project's privacy, sampling and event switches, from `gosight.projects.settings`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from ingest.privacy.selectors import Selector, selectors_of

# Values of query parameters, properties and traits of these names are masked in every project that
# does not name its own (settings: privacy.maskParams).
SENSITIVE_NAMES = (
    *("access_token", "api_key", "apikey", "auth", "authorization", "code", "e-mail", "email"),
    *("id_token", "key", "mail", "otp", "pass", "passwd", "password", "phone", "pin", "pwd"),
    *("refresh_token", "reset_token", "secret", "session", "session_id", "sessionid", "sid"),
    *("signature", "ssn", "tel", "token"),
)
GROUPS: dict[str, tuple[str, ...]] = {
    "session": ("SESSION_START", "SESSION_END"),
    "page": ("PAGE_VIEW", "PAGE_EXIT", "PAGE_VISIBLE", "PAGE_HIDDEN"),
    "mouse": ("CLICK", "DBLCLICK", "CONTEXT_MENU", "MOUSE_MOVE"),
    "scroll": ("SCROLL", "SCROLL_MILESTONE"),
    "input": ("INPUT_CHANGE", "INPUT_FOCUS", "INPUT_BLUR"),
    "form": ("FORM_START", "FORM_SUBMIT", "FORM_ABANDON", "FORM_ERROR"),
    "error": ("JS_ERROR", "UNHANDLED_REJECTION", "RESOURCE_ERROR", "CONSOLE_ERROR"),
    "performance": ("PAGE_LOAD", "WEB_VITALS", "LONG_TASK"),
    "network": ("XHR_REQUEST", "FETCH_REQUEST", "WEBSOCKET"),
    "media": ("MEDIA_PLAY", "MEDIA_PAUSE", "MEDIA_COMPLETE"),
    "replay": ("REPLAY",),
}
# Off in the document's default, which every project begins with: nobody turned them off.
OFF_BY_DEFAULT = frozenset({"network", "media"})
WHOLE = 100.0


@dataclass(frozen=True)
class Policy:
    """What is taken out of a project's events, and which are not kept at all. Rates in percent."""

    masks_inputs: bool = True
    mask_selectors: tuple[Selector, ...] = ()
    block_selectors: tuple[Selector, ...] = ()
    block_urls: tuple[re.Pattern[str], ...] = ()
    anonymizes_ip: bool = False
    sensitive: frozenset[str] = field(default_factory=lambda: frozenset(SENSITIVE_NAMES))
    session_rate: float = WHOLE
    replay_rate: float = WHOLE
    switched_off: frozenset[str] = frozenset()
    keeps_recordings: bool = True

    @property
    def hides_texts(self) -> bool:
        """Whether texts of some elements are masked."""
        return self.masks_inputs or bool(self.mask_selectors or self.block_selectors)


@lru_cache(maxsize=10_000)
def policy_of(settings: bytes) -> Policy:
    """The policy in a project's settings, as JSON; a value that cannot be used counts as unset."""
    stored = _section({"settings": orjson.loads(settings or b"{}")}, "settings")
    privacy, sampling = _section(stored, "privacy"), _section(stored, "sampling")
    named = privacy.get("maskParams")
    return Policy(
        masks_inputs=privacy.get("maskAllInputs") is not False,
        mask_selectors=selectors_of(_texts(privacy.get("maskSelectors"))),
        block_selectors=selectors_of(_texts(privacy.get("blockSelectors"))),
        block_urls=tuple(_glob(text) for text in _texts(privacy.get("blockUrls"))),
        anonymizes_ip=privacy.get("anonymizeIp") is True,
        sensitive=frozenset(
            name.lower() for name in (SENSITIVE_NAMES if named is None else _texts(named))
        ),
        session_rate=_rate(sampling.get("sessionSampleRate")),
        replay_rate=_rate(sampling.get("replaySampleRate")),
        switched_off=frozenset(_switched_off(stored)),
        keeps_recordings=_section(stored, "storage").get("replay") != "off",
    )


def _switched_off(stored: Mapping[str, Any]) -> Iterable[str]:
    """Event types of the groups that the project turned off."""
    events, named = _section(stored, "events"), _texts(stored.get("eventsOff"))
    for group, types in GROUPS.items():
        if group in named or (events.get(group) is False and group not in OFF_BY_DEFAULT):
            yield from types


def _section(stored: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = stored.get(name)
    return found if isinstance(found, dict) else {}


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _rate(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return min(WHOLE, max(0.0, float(value))) if is_number else WHOLE


def _glob(text: str) -> re.Pattern[str]:
    """`*` stands for anything; a pattern without it for every URL that has it within."""
    body = ".*".join(re.escape(part) for part in text.split("*"))
    return re.compile(body if "*" in text else f".*{body}.*", re.DOTALL)
