"""Redis: what goes on now of the sessions, and of the user."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest.realtime import keys
from orchestration.erasure.trace import Trace

if TYPE_CHECKING:
    from redis import Redis


def found(client: "Redis", trace: Trace) -> Iterator[str]:
    """Keys of the sessions, and of sessions that name the user."""
    sessions = set(trace.sessions)
    for pattern in (keys.session_state(trace.project_id, "*"), f"clicks:{trace.project_id}:*"):
        for key in client.scan_iter(pattern, count=1000):
            name = key.decode()
            if name.split(":")[2] in sessions or _is_users(client, name, trace):
                yield name


def listed(client: "Redis", trace: Trace) -> list[str]:
    """Sessions of the project's list that go."""
    if not trace.sessions:
        return []
    scores = client.zmscore(keys.active(trace.project_id), list(trace.sessions))
    return [one for one, at in zip(trace.sessions, scores, strict=True) if at is not None]


def count(client: "Redis", trace: Trace) -> int:
    """Keys, and entries of the list."""
    return len(list(found(client, trace))) + len(listed(client, trace))


def delete(client: "Redis", trace: Trace) -> None:
    """At once; what counts sessions holds no id."""
    gone = list(found(client, trace))
    sessions = {name.split(":")[2] for name in gone} | set(trace.sessions)
    if gone:
        client.delete(*gone)
    if sessions:
        client.zrem(keys.active(trace.project_id), *sessions)


def search(client: "Redis", trace: Trace) -> dict[str, int]:
    """Keys by their kind."""
    places: dict[str, int] = {}
    for name in found(client, trace):
        kind = name.split(":")[0]
        places[kind] = places.get(kind, 0) + 1
    if named := len(listed(client, trace)):
        places["active"] = named
    return places


def _is_users(client: "Redis", name: str, trace: Trace) -> bool:
    if trace.user_id is None or not name.endswith(":state"):
        return False
    return client.hget(name, "user_id") == trace.user_id.encode()
