"""API keys: which project a key writes to, read from PostgreSQL and remembered for a while."""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from ingest.errors import UnauthenticatedError, UnavailableError

log = logging.getLogger(__name__)

WRITE = "write"
READ = "read"
MAX_REMEMBERED = 10_000
# A key that was wrong a moment ago may just have been made.
UNKNOWN_KEY_SECONDS = 10.0
# After a failed look-up others do not wait for PostgreSQL again at once.
PAUSE_AFTER_FAILURE_SECONDS = 2.0
TIMEOUT_SECONDS = 3.0

_QUERY = """
SELECT key.project_id::text, key.permissions, key.is_active, key.expires_at, key.key_hash,
       key.rate_limit, project.allowed_domains, project.settings::text
FROM gosight.api_keys AS key JOIN gosight.projects AS project ON project.id = key.project_id
WHERE key.key_hash = %s
"""

_NOTE = """
UPDATE gosight.api_keys AS key
SET request_count = coalesce(key.request_count, 0) + used.count,
    last_used_at = greatest(key.last_used_at, %s)
FROM unnest(%s::text[], %s::bigint[]) AS used (key_hash, count)
WHERE key.key_hash = used.key_hash
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key's row; `expires_at` None = never, `rate_limit` (batches a second) None = no limit.

    `allowed_domains` are its project's: pages that may send, all where there is none; `settings`
    are the project's too, as JSON.
    """

    project_id: str
    permissions: frozenset[str]
    is_active: bool
    expires_at: datetime | None
    key_hash: str = ""
    rate_limit: int | None = None
    allowed_domains: tuple[str, ...] = ()
    settings: bytes = b""

    def may(self, permission: str, now: datetime) -> bool:
        """Whether it may now write (send batches), or read (what is going on)."""
        is_valid = self.expires_at is None or now < self.expires_at
        return self.is_active and is_valid and permission in self.permissions


class KeyStoreDownError(Exception):
    """PostgreSQL cannot be asked now."""


# Row of a key's hash, None for an unknown one; KeyStoreDownError when it cannot be asked.
Lookup = Callable[[str], Awaitable[ApiKey | None]]


@dataclass(frozen=True, slots=True)
class _Remembered:
    key: ApiKey | None
    asked_at: float  # monotonic seconds


class Keys:
    """Answers from memory for `cache_seconds`, and while PostgreSQL is down for `grace_seconds`."""

    def __init__(
        self,
        lookup: Lookup,
        cache_seconds: float,
        grace_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lookup = lookup
        self._cache_seconds = cache_seconds
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._memory: OrderedDict[str, _Remembered] = OrderedDict()
        self._asking: dict[str, asyncio.Task[ApiKey | None]] = {}
        self._paused_until = float("-inf")

    async def row_of(self, key: str, permission: str = WRITE) -> ApiKey:
        """The key's row.

        UnauthenticatedError for a key that may not do so, UnavailableError for one that is not
        known while PostgreSQL cannot be asked.
        """
        if not key:
            raise UnauthenticatedError("no key: set project_key or X-GoSight-Key")
        row = await self._row(hashlib.sha256(key.encode("utf-8", "replace")).hexdigest())
        if row is None or not row.may(permission, datetime.now(UTC)):
            raise UnauthenticatedError(
                f"the key is unknown, revoked, expired or may not {permission}"
            )
        return row

    async def _row(self, key_hash: str) -> ApiKey | None:
        remembered = self._memory.get(key_hash)
        now = self._clock()
        if remembered is not None and now - remembered.asked_at < self._fresh_for(remembered):
            return remembered.key
        try:
            return await self._ask(key_hash)
        except KeyStoreDownError:
            known = remembered is not None and remembered.key is not None
            if known and remembered and now - remembered.asked_at < self._grace_seconds:
                return remembered.key
            raise UnavailableError("keys cannot be checked now, try again later") from None

    def _fresh_for(self, remembered: _Remembered) -> float:
        if remembered.key is None:
            return min(UNKNOWN_KEY_SECONDS, self._cache_seconds)
        return self._cache_seconds

    async def _ask(self, key_hash: str) -> ApiKey | None:
        """One question at a time for each key, however many requests wait for it."""
        if self._clock() < self._paused_until:
            raise KeyStoreDownError
        task = self._asking.get(key_hash)
        if task is None:
            task = asyncio.ensure_future(self._look_up(key_hash))
            self._asking[key_hash] = task
            task.add_done_callback(lambda _: self._asking.pop(key_hash, None))
        return await asyncio.shield(task)

    async def _look_up(self, key_hash: str) -> ApiKey | None:
        try:
            row = await self._lookup(key_hash)
        except KeyStoreDownError:
            self._paused_until = self._clock() + PAUSE_AFTER_FAILURE_SECONDS
            raise
        self._memory[key_hash] = _Remembered(row, self._clock())
        self._memory.move_to_end(key_hash)
        while len(self._memory) > MAX_REMEMBERED:
            self._memory.popitem(last=False)
        return row


class PostgresLookup:
    """Reads gosight.api_keys over one connection, opened anew after a failure."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._lock = asyncio.Lock()

    async def __call__(self, key_hash: str) -> ApiKey | None:
        """KeyStoreDownError when there is no answer in time."""
        row = await self._fetch(_QUERY, (key_hash,))
        if row is None:
            return None
        project_id, permissions, is_active, expires_at, own_hash, limit, domains, settings = row
        return ApiKey(
            project_id=project_id,
            permissions=frozenset(permissions or ()),
            is_active=bool(is_active),
            expires_at=expires_at,
            key_hash=own_hash,
            rate_limit=limit,
            allowed_domains=tuple(domains or ()),
            settings=(settings or "").encode(),
        )

    async def note(self, counts: Mapping[str, int], at: datetime) -> None:
        """Add batches by key hash to what the table counts; KeyStoreDownError when it cannot."""
        await self._fetch(_NOTE, (at, list(counts), list(counts.values())))

    async def ping(self) -> None:
        """KeyStoreDownError when keys cannot be read."""
        await self._fetch("SELECT 1 FROM gosight.api_keys LIMIT 1", ())

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _fetch(self, query: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        async with self._lock:
            for attempt in (1, 2):
                had_connection = self._connection is not None
                try:
                    return await asyncio.wait_for(self._query(query, values), TIMEOUT_SECONDS)
                except (psycopg.Error, OSError, TimeoutError) as error:
                    await self.close()
                    # An old connection may have died with a restarted server: one new try.
                    if attempt == 2 or not had_connection:
                        log.warning("PostgreSQL does not answer: %s", str(error).strip())
                        raise KeyStoreDownError from error
        raise AssertionError("the second attempt returns or raises")

    async def _query(self, query: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, prepare_threshold=None
            )
            await self._connection.execute("SET timezone TO 'UTC'")
        cursor = await self._connection.execute(query.encode(), values)
        if cursor.description is None:  # an update
            return None
        row: tuple[Any, ...] | None = await cursor.fetchone()
        return row
