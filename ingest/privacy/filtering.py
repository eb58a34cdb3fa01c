"""Which events a project does not want kept at all, and why."""

import hashlib
import re
from functools import lru_cache

from gosight.events_pb2 import Event, EventType

from ingest.decode.checks import canonical_uuid
from ingest.privacy.policy import WHOLE, Policy

REPLAY = EventType.EVENT_TYPE_REPLAY
BUCKETS = 1 << 32


def filtered(event: Event, policy: Policy) -> str | None:
    """The reason, None for an event that is kept. The event passed the checks of the door."""
    if policy.switched_off and _type_name(event.event_type) in policy.switched_off:
        return "switched_off"
    if policy.block_urls and _is_blocked(policy.block_urls, event.page.url):
        return "blocked_url"
    if policy.session_rate < WHOLE and not is_sampled(event.session_id, "", policy.session_rate):
        return "session_not_sampled"
    if event.event_type != REPLAY or policy.replay_rate >= WHOLE:
        return None
    is_kept = is_sampled(event.session_id, "replay", policy.replay_rate)
    return None if is_kept else "replay_not_sampled"


@lru_cache(maxsize=20_000)
def _is_blocked(patterns: tuple[re.Pattern[str], ...], url: str) -> bool:
    return any(one.fullmatch(url) for one in patterns)


def is_sampled(session_id: str, what: str, rate: float) -> bool:
    """The same for all of a session, whoever asks and when; raising the rate keeps who was in."""
    text = f"{what}{canonical_uuid(session_id)}".encode()
    bucket = int.from_bytes(hashlib.sha256(text).digest()[:4], "big")
    return bucket * WHOLE < rate * BUCKETS


def _type_name(number: int) -> str:
    return EventType.Name(number).removeprefix("EVENT_TYPE_")
