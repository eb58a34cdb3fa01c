"""Which sessions of a block name a user who was erased, and happened before that."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from ingest.landing.items import Item
from ingest.sinks.interface import RowStore, Session

User = tuple[str, str]
# Sessions of each user, with a time in ms since 1970.
Named = dict[User, dict[Session, int]]


def user_hash(project_id: str, user_id: str) -> str:
    """What is kept of an erased user instead of the id: hex of SHA-256."""
    return hashlib.sha256(f"{project_id}\0{user_id}".encode("utf-8", "replace")).hexdigest()


def named_users(items: Iterable[Item]) -> Named:
    """Users that events name, with their sessions and the first time each names them."""
    named: Named = defaultdict(dict)
    for item in items:
        if (decoded := item.decoded) is None:
            continue
        user_id = decoded.user_id
        if not user_id and decoded.payload_name == "identify":
            user_id = decoded.metadata["identify"].get("userId")
        if user_id:
            seen = named[item.facts.project_id, user_id]
            seen[item.session] = min(decoded.timestamp, seen.get(item.session, decoded.timestamp))
    return named


def sessions_of_erased_users(named: Named, rows: RowStore) -> set[Session]:
    """Sessions with an event that names an erased user and is not later than the erasure.

    Who comes back after an erasure is somebody new: sessions that begin later are kept.
    """
    hashes = {(project, user_hash(project, user)): (project, user) for project, user in named}
    return {
        session
        for key, erased_at in (rows.erased_users(hashes) if hashes else {}).items()
        for session, at in named[hashes[key]].items()
        if at <= erased_at
    }
