"""Events of our contract as adapters make them: ids that do not move, times, pages, devices."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

import orjson
from gosight.common_pb2 import DeviceInfo, PageContext, Timestamp
from gosight.events_pb2 import Event, EventType

from ingest.decode.checks import canonical_uuid, is_uuid
from ingest.decode.envelope import Envelope, Malformed, check_count
from ingest.formats.values import clip, object_of, page, text, texts

# Everything derived is derived from this; another one would land every visit anew.
NAMESPACE = UUID("6d0c1a1e-9c1b-5f6e-8d37-0b0f3f6a4c11")
# What reading a message of an unknown shape raises.
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


def derived_id(*parts: object) -> str:
    """Always the same UUID for the same parts."""
    return str(uuid5(NAMESPACE, "\n".join(map(str, parts))))


@lru_cache(4_096)
def uuid_of(kind: str, text: str) -> str:
    """The text itself where it is a UUID, else one derived from it."""
    return canonical_uuid(text) if is_uuid(text) else derived_id(kind, text)


def event_id_of(kind: str, given: Any, message: Any) -> str:
    """The id that the SDK gave, else one of all that the message says."""
    return uuid_of(kind, text(given)) if given else content_id(kind, message)


def first_of(messages: Sequence[Any]) -> dict[str, Any]:
    """What stands for all of a batch; empty where the first message is none."""
    return object_of(messages[0] if messages else None)


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
    device_id: str = ""

    def event(self, event_id: str, kind: int, *, at: int | None = None, **payload: Any) -> Event:
        """One event; the keyword is the payload's field, None where the type needs none."""
        return Event(
            event_id=event_id,
            session_id=self.session_id,
            user_id=self.user_id or None,
            device_id=self.device_id or None,
            event_type=kind,  # type: ignore[arg-type] # the stub knows its names alone
            timestamp=Timestamp(millis=self.at if at is None else at),
            page=payload.pop("page", self.page),
            device=self.device,
            **payload,
        )

    def view(self, event_id: str, title: Any) -> Event:
        """The page of this teller is viewed."""
        path = self.page.path if self.page is not None else ""
        view = {"page_title": clip(title), "page_path": path}
        return self.event(event_id, EventType.EVENT_TYPE_PAGE_VIEW, page_view=view)

    def screen(self, event_id: str, name: Any) -> Event:
        """A mobile app's screen is its page."""
        title = clip(name)
        where = page("", title, "", f"/{title.lstrip('/')}")
        return replace(self, page=where).view(event_id, title)

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
    messages: Iterable[Any],
    read: Callable[[Any], Iterable[Event]],
) -> Envelope:
    """Messages that cannot be read are refused one by one, as events are.

    BatchTooLargeError for more events than a batch may have.
    """
    events: list[Event | Malformed] = []
    for message in messages:
        try:
            events.extend(read(message))
        except UNREADABLE as error:
            events.append(_malformed(message, error))
        check_count(len(events))
    return Envelope(key, sdk, sent_at, events)


def _malformed(message: Any, error: Exception) -> Malformed:
    raw = orjson.dumps(message, default=repr) if _is_unicode(message) else repr(message).encode()
    return Malformed("", "", f"{type(error).__name__}: {error}"[:200], raw)


def _is_unicode(message: Any) -> bool:
    try:
        orjson.dumps(message, default=repr)
    except TypeError:
        return False
    return True
