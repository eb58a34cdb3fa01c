"""Names, types and lifetimes of the keys in Redis (spec 003 §5; what differs: docs/deviations.yml).

Every key begins with its kind and holds the project: two projects may send the same session id.
"""

import hashlib

MINUTE_MS = 60_000
CELL_PX = 50  # spec 003 §5.5
SESSION_SECONDS = 30 * 60  # sliding
RATE_SECONDS = 2 * 60
API_KEY_SECONDS = 5 * 60
SESSIONS_SECONDS = 60 * 60
CLICKS_SECONDS = 10
PAGE_VIEWS_SECONDS = 5 * 60
# Not in the document: what tells a repeated batch, and the way back from a hash to its path.
BATCH_SECONDS = 5 * 60
SPOTS_SECONDS = 5 * 60


def session_state(project: str, session: str) -> str:
    """Hash: project_id, user_id, started_at, last_event_at, page_count, event_count, current_url.

    Times in ms since 1970.
    """
    return f"session:{project}:{session}:state"


def requests(project: str, minute: int) -> str:
    """Counter of batches received in a minute since 1970."""
    return f"ratelimit:{project}:{minute}"


def api_key(key_hash: str) -> str:
    """Hash: what PostgreSQL says of a key."""
    return f"apikey:{key_hash}"


def bucket(key_hash: str) -> str:
    """Hash: the token bucket of a key's limit a second."""
    return f"ratelimit:bucket:{key_hash}"


def sessions(project: str) -> str:
    """HyperLogLog of session ids; its hour begins with the first of them."""
    return f"realtime:{project}:sessions"


def active(project: str) -> str:
    """Sorted set of session ids by the time of their last event, ms since 1970."""
    return f"realtime:{project}:active"


def clicks(project: str, session: str, x: int, y: int) -> str:
    """List of times of clicks in a cell of CELL_PX, ms since 1970; x and y in px."""
    return f"clicks:{project}:{session}:{x // CELL_PX}:{y // CELL_PX}"


def spots(project: str) -> str:
    """Sorted set of the paths and elements that were clicked in a rage, by time."""
    return f"realtime:{project}:spots"


def page_views(project: str, path: str, minute: int) -> str:
    """Counter of views of a path in a minute since 1970."""
    return f"pageviews:{project}:{path_hash(path)}:{minute}"


def paths(project: str) -> str:
    """Sorted set of `path_hash path`, by the time of the last view."""
    return f"realtime:{project}:paths"


def batch(project: str, digest: str) -> str:
    """Set once for a batch's content: a repeated one counts nothing."""
    return f"batch:{project}:{digest}"


def path_hash(path: str) -> str:
    """16 hex digits."""
    return hashlib.sha256(path.encode("utf-8", "replace")).hexdigest()[:16]
