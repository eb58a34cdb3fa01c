"""The requests, in PostgreSQL `ops`: what is to go, and what proves that it is gone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Subject:
    """What is to go: of one project a user, a session, or what is older than a UTC day."""

    project_id: str
    user_id: str | None = None
    session_id: str | None = None
    before: date | None = None


@dataclass(frozen=True)
class Request:
    """A request that is not done."""

    request_id: int
    subject: Subject


@dataclass(frozen=True)
class Proof:
    """What a store held of a request, and what a search found there afterwards."""

    store: str
    erased: int
    found: int
    places: str
    searched: str


def ask(connection: Connection, subject: Subject) -> int:
    """The number of the request; the same one while it is not done, which is then tried again."""
    values = (subject.project_id, subject.user_id, subject.session_id, subject.before)
    same = connection.execute(
        "UPDATE ops.erasure_requests SET problem = '' WHERE done_at IS NULL AND project_id = %s"
        " AND user_id IS NOT DISTINCT FROM %s AND session_id IS NOT DISTINCT FROM %s::uuid"
        " AND before IS NOT DISTINCT FROM %s::date RETURNING request_id",
        values,
    ).fetchone()
    if same is None:
        same = connection.execute(
            "INSERT INTO ops.erasure_requests (project_id, user_id, session_id, before)"
            " VALUES (%s, %s, %s, %s) RETURNING request_id",
            values,
        ).fetchone()
    return int(same[0]) if same else 0


def waiting(connection: Connection) -> list[Request]:
    """Those that are not done, oldest first."""
    rows = connection.execute(
        "SELECT request_id, project_id::text, user_id, session_id::text, before"
        " FROM ops.erasure_requests WHERE done_at IS NULL ORDER BY request_id"
    ).fetchall()
    return [Request(int(number), Subject(*subject)) for number, *subject in rows]


def is_any_untried(connection: Connection) -> bool:
    """Whether one waits of which a search did not find something: that one waits for people."""
    query = "SELECT 1 FROM ops.erasure_requests WHERE done_at IS NULL AND problem = '' LIMIT 1"
    return connection.execute(query).fetchone() is not None


def remember(connection: Connection, request: Request, sessions: Iterable[str]) -> None:
    """Sessions of the request: before anything of them is deleted."""
    connection.execute(
        "INSERT INTO ops.erasure_sessions SELECT %s, unnest(%s::uuid[]) ON CONFLICT DO NOTHING",
        (request.request_id, sorted(sessions)),
    )


def sessions(connection: Connection, request: Request) -> list[str]:
    """Those that were remembered."""
    rows = connection.execute(
        "SELECT session_id::text FROM ops.erasure_sessions WHERE request_id = %s ORDER BY 1",
        (request.request_id,),
    ).fetchall()
    return [session for (session,) in rows]


def prove(connection: Connection, request: Request, proofs: Sequence[Proof]) -> None:
    """Keep what was found; a request of which nothing was found is done and names nobody."""
    places = "; ".join(f"{one.store}: {one.places}" for one in proofs if one.found)
    with connection.transaction():
        for one in proofs:
            connection.execute(
                "INSERT INTO ops.erasure_proofs AS kept VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (request_id, store) DO UPDATE SET erased = kept.erased"
                " + excluded.erased, found = excluded.found, places = excluded.places,"
                " searched = excluded.searched, proved_at = now()",
                (request.request_id, *_values(one)),
            )
        if places:
            connection.execute(
                "UPDATE ops.erasure_requests SET problem = %s WHERE request_id = %s",
                (places, request.request_id),
            )
        else:
            _close(connection, request)


def count_erased(connection: Connection, request: Request, store: str, erased: int) -> None:
    """Add to what the store held of the request; found is set by the search."""
    connection.execute(
        "INSERT INTO ops.erasure_proofs AS kept VALUES (%s, %s, %s, -1, '', 'not searched yet')"
        " ON CONFLICT (request_id, store) DO UPDATE SET erased = kept.erased + excluded.erased",
        (request.request_id, store, erased),
    )


def proofs(connection: Connection, request_id: int) -> list[Proof]:
    """Of a request, by store."""
    with connection.cursor(row_factory=class_row(Proof)) as cursor:
        return cursor.execute(
            "SELECT store, erased, found, places, searched FROM ops.erasure_proofs"
            " WHERE request_id = %s ORDER BY store",
            (request_id,),
        ).fetchall()


def is_done(connection: Connection, request_id: int) -> bool:
    """Whether a search of every store found nothing."""
    row = connection.execute(
        "SELECT done_at IS NOT NULL FROM ops.erasure_requests WHERE request_id = %s", (request_id,)
    ).fetchone()
    return bool(row and row[0])


def _values(one: Proof) -> tuple[str, int, int, str, str]:
    return (one.store, one.erased, one.found, one.places, one.searched)


def _close(connection: Connection, request: Request) -> None:
    """Who it was about is forgotten, too."""
    connection.execute(
        "UPDATE ops.erasure_requests SET done_at = now(), problem = '', user_id = NULL,"
        " session_id = NULL, sessions = (SELECT count(*) FROM ops.erasure_sessions AS named"
        " WHERE named.request_id = erasure_requests.request_id) WHERE request_id = %s",
        (request.request_id,),
    )
    connection.execute(
        "DELETE FROM ops.erasure_sessions WHERE request_id = %s", (request.request_id,)
    )
