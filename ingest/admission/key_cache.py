"""Keys' rows in Redis, shared by all ingests: PostgreSQL is asked once in five minutes for a key.

Whoever revokes or changes a key deletes its row here (`hxi key revoke` does).
"""

import contextlib
from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import TypeAlias, cast

import orjson
import redis
import redis.asyncio

from ingest.admission.keys import ApiKey, Lookup
from ingest.realtime.keys import API_KEY_SECONDS, api_key

# As redis takes them, which declares the types of keys and values without variance.
Fields: TypeAlias = dict[bytes | bytearray | memoryview | str | int | float, str]

TIMEOUT_SECONDS = 0.5
# With the shared cache behind it, what a process remembers by itself is soon forgotten, so that a
# revoked key ends within a second.
OWN_SECONDS = 0.9


class SharedKeys:
    """A lookup in front of another. Redis away: the other is asked."""

    def __init__(self, url: str, lookup: Lookup) -> None:
        self._lookup = lookup
        self._client = redis.asyncio.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            decode_responses=True,
        )

    async def __call__(self, key_hash: str) -> ApiKey | None:
        """As the other lookup; unknown keys are not remembered here."""
        with contextlib.suppress(redis.RedisError, OSError):
            if row := await cast(
                "Awaitable[dict[str, str]]", self._client.hgetall(api_key(key_hash))
            ):
                return row_of(key_hash, row)
        found = await self._lookup(key_hash)
        if found is not None:
            with contextlib.suppress(redis.RedisError, OSError):
                await self._keep(found)
        return found

    async def close(self) -> None:
        """After the doors."""
        await self._client.aclose()

    async def _keep(self, found: ApiKey) -> None:
        name = api_key(found.key_hash)
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.hset(name, mapping=fields_of(found))
            pipeline.expire(name, API_KEY_SECONDS)
            await pipeline.execute()


def fields_of(key: ApiKey) -> Fields:
    """The hash of spec 003 §5.3, and what else ingest has to know."""
    return {
        "project_id": key.project_id,
        "permissions": ",".join(sorted(key.permissions)),
        "rate_limit": "" if key.rate_limit is None else str(key.rate_limit),
        "is_active": str(int(key.is_active)),
        "expires_at": key.expires_at.isoformat() if key.expires_at else "",
        "allowed_domains": orjson.dumps(key.allowed_domains).decode(),
        "settings": key.settings.decode(),
    }


def row_of(key_hash: str, fields: Mapping[str, str]) -> ApiKey:
    """The way back from `fields_of`."""
    expires_at = fields["expires_at"]
    return ApiKey(
        project_id=fields["project_id"],
        permissions=frozenset(fields["permissions"].split(",")),
        is_active=fields["is_active"] == "1",
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        key_hash=key_hash,
        rate_limit=int(fields["rate_limit"]) if fields["rate_limit"] else None,
        allowed_domains=tuple(orjson.loads(fields["allowed_domains"])),
        settings=fields["settings"].encode(),
    )
