"""When keys were used and how often: counted here, written to PostgreSQL now and then."""

import asyncio
import contextlib
from collections import Counter
from datetime import UTC, datetime

from ingest.admission.keys import KeyStoreDownError, PostgresLookup

FLUSH_SECONDS = 10.0


class Usage:
    """Counts of one process. A crash loses those of the last seconds; no event depends on them."""

    def __init__(self, keys: PostgresLookup) -> None:
        self._keys = keys
        self._counts: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    def count(self, key_hash: str) -> None:
        """One batch with this key."""
        self._counts[key_hash] += 1

    def start(self) -> None:
        """Begin to write, from the loop that counts."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def flush(self) -> None:
        """Add the counts to gosight.api_keys; they stay here while it cannot be written."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await self._keys.note(counts, datetime.now(UTC))
        except KeyStoreDownError:
            self._counts.update(counts)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()
