"""Both doors over a real spool in a thread of the test, with doubles of what lies beyond."""

import asyncio
import hashlib
import threading
from pathlib import Path
from typing import Self

from gosight.ingest_pb2 import EventBatch

from ingest.admission.admission import Admission
from ingest.admission.keys import ApiKey, Keys, KeyStoreDownError, Lookup
from ingest.doors.doors import Doors
from ingest.doors.health import Health
from ingest.doors.live import LiveDoor
from ingest.intake import Intake
from ingest.settings import MIB, Settings
from ingest.spool import Spool
from ingest.spooled import SpooledBatch
from ingest.watching.state import State

KEY = "gs_" + "k" * 43
PROJECT = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
READ_ONLY_KEY = "gs_" + "r" * 43
OTHER_KEY = "gs_" + "o" * 43
OTHER_PROJECT = "7f9619ff-8b86-4d01-b42d-00cf4fc964ff"


class KeyTable:
    """gosight.api_keys in memory; `is_down` makes it answer as a PostgreSQL that is not there."""

    def __init__(self) -> None:
        self.is_down = False
        self._rows = {
            KEY: ApiKey(PROJECT, frozenset({"write"}), is_active=True, expires_at=None),
            OTHER_KEY: ApiKey(OTHER_PROJECT, frozenset({"write"}), is_active=True, expires_at=None),
            READ_ONLY_KEY: ApiKey(PROJECT, frozenset({"read"}), is_active=True, expires_at=None),
        }
        self._by_hash = {hashlib.sha256(k.encode()).hexdigest(): r for k, r in self._rows.items()}

    async def __call__(self, key_hash: str) -> ApiKey | None:
        await self.ping()
        return self._by_hash.get(key_hash)

    async def ping(self) -> None:
        if self.is_down:
            raise KeyStoreDownError


class LanderDouble:
    """Lands nothing, so that the spool can be looked at."""

    def __init__(self) -> None:
        self.last_error: str | None = None
        self.answering = {"mongodb": True, "clickhouse": True}

    def stores(self) -> dict[str, bool]:
        return self.answering


class RunningDoors:
    """A context manager; the ports are free ones."""

    def __init__(
        self,
        folder: Path,
        lookup: Lookup | None = None,
        spool_bytes: int = 64 * MIB,
        key_cache_seconds: float = 300.0,
        sdk_dir: Path | None = None,
        metrics_token: str = "",
        certificate: tuple[str, str] = ("", ""),
    ) -> None:
        self.key_table = KeyTable()
        self.lander = LanderDouble()
        self.spool = Spool(folder / "spool", spool_bytes)
        self.settings = Settings(
            *("", "", ""),
            folder / "spool",
            http_port=0,
            grpc_port=0,
            sdk_dir=sdk_dir,
            metrics_token=metrics_token,
            tls_certificate=certificate[0],
            tls_key=certificate[1],
        )
        self._lookup = lookup or self.key_table
        self._key_cache_seconds = key_cache_seconds
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run, name="doors")

    def __enter__(self) -> Self:
        self.spool.__enter__()
        self._thread.start()
        assert self._opened.wait(20), "the doors did not open"
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self.spool.__exit__()

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self._doors.http_port}"

    @property
    def grpc_address(self) -> str:
        return f"127.0.0.1:{self._doors.grpc_port}"

    def forget_all(self) -> None:
        """As if just opened: nothing kept, no key known."""
        self.spool.remove(self.spooled())
        self.key_table.is_down = False
        self.lander.last_error = None
        self.lander.answering = {"mongodb": True, "clickhouse": True}
        self._intake._admission = self._new_admission()

    def forget_pause(self) -> None:
        """As if some seconds had gone by since the keys could not be read."""
        self._intake._admission._keys._paused_until = 0.0

    def spooled(self) -> list[SpooledBatch]:
        """Everything that was kept, oldest first."""
        return self.spool.read(1 << 40, 1 << 40)

    def spooled_ids(self) -> list[str]:
        """Ids of all events kept, in order."""
        return [
            event.event_id
            for one in self.spooled()
            for event in EventBatch.FromString(one.body).events
        ]

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._intake = Intake(self._new_admission(), self.spool)
        health = Health(self.spool, self.lander, self.key_table.ping)
        self._intake.metrics.show(State(health, 64 * MIB))
        live = LiveDoor("")
        self._doors = await Doors.open(self.settings, self._intake, health, live)
        self._opened.set()
        await self._doors.serve_until(self._stop)
        self._intake.close()

    def _new_admission(self) -> Admission:
        return Admission(self._new_keys())

    def _new_keys(self) -> Keys:
        return Keys(self._lookup, self._key_cache_seconds, 3600.0)
