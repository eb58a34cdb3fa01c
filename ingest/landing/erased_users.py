"""Which sessions of a block name a user who was erased, and happened before that."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from ingest.landing.items import Item
from ingest.sinks.interface import RowStore, Session

User = tuple[str, str]


def user_hash(project_id: str, user_id: str) -> str:
    """What is kept of an erased user instead of the id: hex of SHA-256."""
    return hashlib.sha256(f"{project_id}\0{user_id}".encode("utf-8", "replace")).hexdigest()


def sessions_of_erased_users(items: Iterable[Item], rows: RowStore) -> set[Session]:
    """Sessions with an event that names an erased user and is not later than the erasure.

    Who comes back after an erasure is somebody new: sessions that begin later are kept.
    """
    first: dict[User, dict[Session, int]] = defaultdict(dict)
    for item in items:
        if (user := _user_of(item)) and item.decoded is not None:
            seen = first[user]
            at = item.decoded.timestamp
            seen[item.session] = min(at, seen.get(item.session, at))
    hashes = {(project, user_hash(project, user)): (project, user) for project, user in first}
    return {
        session
        for key, erased_at in (rows.erased_users(hashes) if hashes else {}).items()
        for session, at in first[hashes[key]].items()
        if at <= erased_at
    }


def _user_of(item: Item) -> User | None:
    if item.decoded is None:
        return None
    named = item.decoded.user_id or item.decoded.metadata.get("identify", {}).get("userId")
    return (item.facts.project_id, named) if named else None
