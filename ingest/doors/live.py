"""What `GET /v1/projects/{id}/live` answers: a project now, for a key that may read."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import redis

from ingest.admission.keys import ApiKey
from ingest.clock import now_ms
from ingest.errors import ForbiddenError, UnavailableError
from ingest.realtime.live import live

PATH = re.compile(r"/v1/projects/([0-9a-f-]{36})/live")
TIMEOUT_SECONDS = 2.0


class LiveDoor:
    """Asks Redis in a thread: seldom, and never in the way of events."""

    def __init__(self, redis_url: str, clock: Callable[[], int] = now_ms) -> None:
        self._clock = clock
        self._client = (
            redis.Redis.from_url(
                redis_url,
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                decode_responses=True,
            )
            if redis_url
            else None
        )

    async def facts(self, project_id: str, key: ApiKey) -> dict[str, Any]:
        """The fields of `Live`.

        ForbiddenError for a key of another project, UnavailableError without a Redis that answers.
        """
        if key.project_id != project_id:
            raise ForbiddenError("the key is another project's")
        if self._client is None:
            raise UnavailableError("no real-time figures: HXI_REDIS_URL is not set")
        try:
            return asdict(await asyncio.to_thread(live, self._client, project_id, self._clock()))
        except redis.RedisError:
            raise UnavailableError("no real-time figures now: Redis does not answer") from None

    def close(self) -> None:
        """After the doors."""
        if self._client is not None:
            self._client.close()
