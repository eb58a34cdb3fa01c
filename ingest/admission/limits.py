"""How many batches a second a key may send: a token bucket, shared by all ingests through Redis."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
import redis.asyncio

from ingest.admission.keys import ApiKey
from ingest.errors import RateLimitedError
from ingest.realtime import keys

log = logging.getLogger(__name__)

SCRIPT = Path(__file__).with_name("bucket.lua").read_text()
# Tokens are taken from Redis for so long ahead, so that few batches wait for it.
AHEAD_SECONDS = 0.1
# Tokens that were taken and not used are forgotten: others may have waited for them.
KEEP_SECONDS = 1.0
TIMEOUT_SECONDS = 0.5
# While Redis is away each ingest counts for itself, and asks again after this.
PAUSE_SECONDS = 2.0
MAX_REMEMBERED = 10_000


@dataclass(slots=True)
class Purse:
    """Tokens at hand for one key. Own: filled by the clock; else what Redis gave, until `until`."""

    tokens: float
    at: float  # monotonic seconds of the last change
    until: float = 0.0


class Limits:
    """One per process, used from its loop. Without an address it counts by itself."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._client = (
            redis.asyncio.Redis.from_url(
                url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
            )
            if url
            else None
        )
        self._script: Any = self._client and self._client.register_script(SCRIPT)
        self._given: OrderedDict[str, Purse] = OrderedDict()
        self._own: OrderedDict[str, Purse] = OrderedDict()
        self._asking: dict[str, asyncio.Lock] = {}
        self._away_until = float("-inf")

    async def take(self, key: ApiKey) -> None:
        """One batch of `key`; RateLimitedError when it has sent its limit."""
        if key.rate_limit is None:
            return None
        if self._script is None or self._clock() < self._away_until:
            return self._take_own(key.key_hash, key.rate_limit)
        try:
            await self._take_given(key.key_hash, key.rate_limit)
        except (redis.RedisError, OSError) as error:
            log.warning("Redis does not answer, limits are counted by this process: %s", error)
            self._away_until = self._clock() + PAUSE_SECONDS
            self._take_own(key.key_hash, key.rate_limit)
        return None

    async def close(self) -> None:
        """After the doors."""
        if self._client is not None:
            await self._client.aclose()

    async def _take_given(self, key_hash: str, limit: int) -> None:
        purse = _purse(self._given, key_hash)
        if self._spend(purse):
            return
        lock = self._asking.setdefault(key_hash, asyncio.Lock())
        async with lock:  # one question at a time; what it brought may serve those who waited
            if self._spend(purse):
                return
            wanted = max(1, int(limit * AHEAD_SECONDS))
            given, wait_ms = await self._script(
                keys=[keys.bucket(key_hash)], args=[limit, wanted, keys.RATE_SECONDS]
            )
            if not given:
                raise _limited(limit, int(wait_ms) / 1000)
            now = self._clock()
            purse.tokens, purse.at, purse.until = int(given) - 1, now, now + KEEP_SECONDS

    def _spend(self, purse: Purse) -> bool:
        if purse.tokens < 1 or self._clock() > purse.until:
            return False
        purse.tokens -= 1
        return True

    def _take_own(self, key_hash: str, limit: int) -> None:
        now = self._clock()
        purse = _purse(self._own, key_hash, Purse(limit, now))
        purse.tokens = min(float(limit), purse.tokens + (now - purse.at) * limit)
        purse.at = now
        if purse.tokens < 1:
            raise _limited(limit, (1 - purse.tokens) / limit if limit else 1.0)
        purse.tokens -= 1


def _purse(purses: OrderedDict[str, Purse], key_hash: str, new: Purse | None = None) -> Purse:
    purse = purses.setdefault(key_hash, new or Purse(0, 0))
    purses.move_to_end(key_hash)
    while len(purses) > MAX_REMEMBERED:
        purses.popitem(last=False)
    return purse


def _limited(limit: int, wait_seconds: float) -> RateLimitedError:
    return RateLimitedError(f"more than {limit} batches a second with this key", wait_seconds)
