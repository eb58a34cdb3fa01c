"""What /health and /ready tell: the spool's depth, and which stores answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ingest.admission.keys import KeyStoreDownError
from ingest.clock import now_ms
from ingest.realtime.writer import RealTime
from ingest.spool import Spool

# KeyStoreDownError when keys cannot be read.
PingKeys = Callable[[], Awaitable[None]]


class Landing(Protocol):
    """What of the lander is asked here."""

    @property
    def last_error(self) -> str | None:
        """Why the last block did not land; None when it did."""
        ...

    def stores(self) -> dict[str, bool]:
        """Whether MongoDB and ClickHouse answered last."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """`facts` are shown as JSON."""

    is_well: bool
    facts: dict[str, Any]


class Health:
    """Asks when it is asked."""

    def __init__(
        self,
        spool: Spool,
        lander: Landing,
        ping_keys: PingKeys,
        realtime: RealTime | None = None,
    ) -> None:
        self._spool = spool
        self._lander = lander
        self._ping_keys = ping_keys
        self._realtime = realtime or RealTime("")

    async def report(self) -> Report:
        """Well as long as batches are taken: down stores only let the spool grow."""
        return Report(is_well=True, facts=await asyncio.to_thread(self.facts))

    def facts(self) -> dict[str, Any]:
        """What waits and who answers; reads the spool's file."""
        depth = self._spool.depth()
        oldest = depth.oldest_ingested_at
        age = 0.0 if oldest is None else max(0, now_ms() - oldest) / 1000
        facts: dict[str, Any] = {
            "status": "ok",
            "spool": {
                "batches": depth.batches,
                "events": depth.events,
                "bytes": depth.bytes,
                "oldest_age_seconds": age,
            },
            "stores": self._lander.stores(),
            "last_landing_error": self._lander.last_error,
        }
        if self._realtime.is_on:
            facts["realtime"] = {
                "redis": self._realtime.answers,
                "batches_left_out": self._realtime.left_out,
            }
        return facts

    async def readiness(self) -> Report:
        """Well when keys can be read and both stores take rows; else says what is down."""
        stores = {"postgresql": await self._keys_answer(), **self._lander.stores()}
        down = sorted(name for name, answers in stores.items() if not answers)
        facts: dict[str, Any] = {"ready": not down, "stores": stores}
        if down:
            facts["error"] = f"{' and '.join(down)} not ready"
        return Report(is_well=not down, facts=facts)

    async def _keys_answer(self) -> bool:
        try:
            await self._ping_keys()
        except KeyStoreDownError:
            return False
        return True
