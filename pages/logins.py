"""Who is signed in: a BI login of PostgreSQL, kept by this process under a random cookie.

The cookie holds no more than a number nobody can guess: a password has no place in a browser. What
a login reads is asked of PostgreSQL with every page, so that a grant taken back counts at once.
"""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from pages.settings import SIGNED_IN_HOURS

COOKIE = "hxi_pages"
POOL_SIZE = 4  # of the 20 connections a BI login has
FAILURES, FAILURES_WITHIN_S = 8, 60
WAIT_S = 10.0
UNKNOWN = "PostgreSQL does not know this login and password."

IS_BI = """
SELECT pg_has_role(session_user, 'bi_reader', 'MEMBER') OR pg_has_role(session_user,
    'bi_reader_many', 'MEMBER'),
       pg_has_role(session_user, 'hxi_publisher', 'MEMBER')
"""
PROJECTS = "SELECT project_id::text, slug, name FROM hxi.projects ORDER BY name, slug"

Connection = psycopg.Connection[Any]


class SignInError(Exception):
    """Nobody is signed in; the message is shown."""


@dataclass(frozen=True)
class Project:
    """A project that the login reads."""

    id: str
    slug: str
    name: str


@dataclass
class Person:
    """A login and its connections; `seen_at` is of the newest page."""

    login: str
    pool: ConnectionPool[Connection]
    seen_at: float = field(default_factory=time.monotonic)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One of the login's own. SignInError when PostgreSQL no longer takes it."""
        try:
            with self.pool.connection(timeout=WAIT_S) as connection:
                yield connection
        except PoolTimeout as error:
            raise SignInError("PostgreSQL does not take this login now: sign in again") from error

    def projects(self) -> list[Project]:
        """What row security lets the login see, now."""
        with self.connection() as connection:
            return [Project(*row) for row in connection.execute(PROJECTS)]


class Logins:
    """By cookie. Of one process: who starts the pages anew signs in again."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._people: dict[str, Person] = {}
        self._failures: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def sign_in(self, login: str, password: str) -> str:
        """The cookie's value. SignInError for anyone who is no BI login."""
        self._refuse_guessing(login)
        if not login or not password:  # they would be looked up in the environment of the pages
            raise SignInError(UNKNOWN)
        dsn = make_conninfo(self._dsn, user=login, password=password, application_name=COOKIE)
        try:
            check(dsn)
        except SignInError:
            with self._lock:
                self._failures.setdefault(login, []).append(time.monotonic())
            raise
        pool = pool_of(dsn)
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._people[token] = Person(login, pool)
        return token

    def person(self, token: str | None) -> Person | None:
        """Who has this cookie; None for nobody and for who was away too long."""
        with self._lock:
            self._forget_old()
            person = self._people.get(token or "")
            if person:
                person.seen_at = time.monotonic()
            return person

    def sign_out(self, token: str | None) -> None:
        """Forget the cookie and close its connections."""
        with self._lock:
            person = self._people.pop(token or "", None)
        if person:
            person.pool.close()

    def close(self) -> None:
        """Of everybody."""
        for token in list(self._people):
            self.sign_out(token)

    def _refuse_guessing(self, login: str) -> None:
        since = time.monotonic() - FAILURES_WITHIN_S
        with self._lock:
            self._failures = {
                name: recent
                for name, times in self._failures.items()
                if (recent := [at for at in times if at > since])
            }
            tried = len(self._failures.get(login, ()))
        if tried >= FAILURES:
            raise SignInError("Too many tries: wait a minute.")

    def _forget_old(self) -> None:
        before = time.monotonic() - SIGNED_IN_HOURS * 3600
        for token, person in list(self._people.items()):
            if person.seen_at < before:
                self._people.pop(token).pool.close()


def pool_of(dsn: str) -> ConnectionPool[Connection]:
    """Connections as they are asked for; it is to be closed."""
    return ConnectionPool(
        dsn, min_size=0, max_size=POOL_SIZE, open=True, timeout=WAIT_S, kwargs=_READING
    )


_READING: dict[str, Any] = {"autocommit": True, "prepare_threshold": None}


def check(dsn: str) -> None:
    """That PostgreSQL takes it, and that it is a login that row security judges."""
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            ((is_bi, is_publisher),) = connection.execute(IS_BI).fetchall()
    except psycopg.OperationalError as error:
        raise SignInError(UNKNOWN) from error
    if is_publisher or not is_bi:
        raise SignInError("This login is none for BI: `hxi grant-bi` makes one.")
