"""Sessions: connections kept between the requests that name the same session_id."""

import base64
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from stack.clickhouse.auth import User
from stack.clickhouse.engine import DEFAULT_DATABASE, Connection, Engine
from stack.clickhouse.errors import (
    INVALID_SESSION_TIMEOUT,
    SESSION_IS_LOCKED,
    SESSION_NOT_FOUND,
    refused,
)
from stack.clickhouse.tokens import literal

DEFAULT_SECONDS = 60
MAX_SECONDS = 3600  # both are the server's defaults


@dataclass
class Session:
    """A connection, and what it goes back to after each request."""

    connection: Connection
    database: str = DEFAULT_DATABASE
    settings: dict[str, str | None] = field(default_factory=dict)  # None = the profile's
    expires: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def borrow(self, settings: Mapping[str, str], database: str) -> None:
        """Set them for one request, remembering what they were."""
        unknown = [literal(name) for name in settings if name not in self.settings]
        if unknown:
            rows = self.connection.text(
                "SELECT name, changed, base64Encode(value) FROM system.settings"
                f" WHERE name IN ({', '.join(unknown)})"
            )
            for name, changed, value in (row.split("\t") for row in rows.split("\n") if row):
                plain = base64.b64decode(value).decode("utf-8", "surrogateescape")
                self.settings[name] = plain if changed == "1" else None
        if database and database != self.database:
            self.connection.use(database)
        self.connection.set(settings)

    def give_back(self, settings: Mapping[str, str], database: str) -> None:
        """Undo `borrow`."""
        known = {name: self.settings[name] for name in settings if name in self.settings}
        self.connection.set(known)
        if database and database != self.database:
            self.connection.use(self.database)

    def note_change(self) -> None:
        """After a SET or USE of the client: what it set stays."""
        self.settings.clear()
        self.database = self.connection.text("SELECT currentDatabase()")


class Sessions:
    """All sessions by user and id; `sweep` must be called now and then."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions: dict[tuple[str, str], Session] = {}
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, user: User, params: Mapping[str, str]) -> Iterator[Session]:
        """The session of `session_id` for one request: 372 when missing, 373 when in use."""
        key = (user.name, params["session_id"])
        seconds = _seconds(params)
        with self._lock:
            self._close_expired()
            session = self._sessions.get(key)
            if session is None:
                if params.get("session_check") == "1":
                    raise refused(SESSION_NOT_FOUND, "Session not found.")
                connection = self._engine.connect(is_readonly=user.is_readonly)
                session = self._sessions[key] = Session(connection)
            if not session.lock.acquire(blocking=False):
                raise refused(SESSION_IS_LOCKED, "Session is locked by a concurrent client.")
        try:
            yield session
        finally:
            with self._lock:
                session.expires = time.monotonic() + seconds
                session.lock.release()
                if params.get("close_session") == "1":
                    del self._sessions[key]
                    session.connection.close()

    def sweep(self) -> None:
        """Close those unused for longer than their timeout."""
        with self._lock:
            self._close_expired()

    def _close_expired(self) -> None:
        now = time.monotonic()
        for key, session in list(self._sessions.items()):
            if session.expires < now and not session.lock.locked():
                del self._sessions[key]
                session.connection.close()

    def close(self) -> None:
        """Close all; none may be in use."""
        with self._lock:
            for session in self._sessions.values():
                session.connection.close()
            self._sessions.clear()


def _seconds(params: Mapping[str, str]) -> int:
    text = params.get("session_timeout", str(DEFAULT_SECONDS))
    if not text.isdecimal() or int(text) > MAX_SECONDS:
        raise refused(
            INVALID_SESSION_TIMEOUT,
            f"Invalid session timeout: '{text}'; a whole number of at most {MAX_SECONDS} s.",
        )
    return int(text)
