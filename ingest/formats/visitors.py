"""Visitors of SDKs that tell no session: their events are cut into sessions where they are read.

See docs/decisions/0011-sessions-by-silence.md.
"""

from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from ingest.formats.telling import derived_id

# What `events` knows such ids by: no SDK makes ids of this beginning and version.
PREFIX = "76697369"  # "visi"
VERSION = "8"


def visitor_session(kind: str, visitor: str, at: int) -> str:
    """The id of all that a visitor did in one UTC month, for `events` to cut by silence.

    ValueError without a visitor. It is the same whenever and however often an event comes.
    """
    if not visitor:
        raise ValueError("neither a session nor a visitor is named")
    return _of_month(kind, visitor, month_of(at))


def month_of(at: int) -> str:
    """`2026-11` of ms since 1970."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m")


@lru_cache(4_096)
def _of_month(kind: str, visitor: str, month: str) -> str:
    rest = UUID(derived_id("visitor", kind, visitor, month)).hex[8:]
    return str(UUID(f"{PREFIX}{rest[:4]}{VERSION}{rest[5:]}"))
