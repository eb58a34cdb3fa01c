"""One run's hold on the warehouse, shared by its assets: the lease, the open plan, the clients."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import dagster as dg
import psycopg
import pymongo
from clickhouse_connect.driver.client import Client
from pydantic import Field, PrivateAttr

from orchestration.lease.held import HeldStores, held_stores
from orchestration.plan import plan
from orchestration.retention.expiry import finish
from orchestration.run import wanted
from orchestration.stores.clients import integer
from orchestration.stores.settings import Settings


class RunResource(dg.ConfigurableResource[None]):
    """The lease and the plan of one Dagster run.

    A run holds the lease from its first asset to its last; a second one fails at once with
    LeaseHeldError. The plan is opened when the first asset asks for it and closed by `ops/done`;
    a run that leaves `ops/done` out leaves its plan open, and the next run repeats it.
    Each client is given out after the lease was checked: LeaseLostError when it is gone.
    """

    full_refresh: bool = False
    days: list[str] = Field(
        default=[], description="UTC days (2026-10-01) whose sessions are built again"
    )

    _held: HeldStores = PrivateAttr()
    _plan: plan.Plan | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, _context: dg.InitResourceContext) -> Iterator[Any]:
        """Hold the lease and one ClickHouse client for the length of the run."""
        with held_stores(Settings.from_environment()) as self._held:
            self._plan = None
            finish(self)  # before anything is compared, landed again or built
            yield self

    def fence(self) -> int:
        """The lease's number."""
        return self._held.fence()

    def clickhouse(self) -> Client:
        """The run's client; never closed by the caller."""
        return self._held.clickhouse()

    def measured(self, started: float | None = None) -> dict[str, float]:
        """Metadata of a materialisation: what is planned, days so far, and seconds.

        `started` is time.monotonic() from before the step's work.
        """
        days = integer(self.clickhouse(), "SELECT count() FROM ops.planned_days")
        planned: dict[str, float] = {"planned_sessions": self.plan().sessions, "planned_days": days}
        if started is None:
            return planned
        return {**planned, "seconds": round(time.monotonic() - started, 3)}

    def postgres(self) -> psycopg.Connection[Any]:
        """A new connection, to be closed by the caller."""
        return self._held.postgres()

    def mongodb(self) -> "pymongo.MongoClient[dict[str, Any]]":
        """A new client, to be closed by the caller."""
        return self._held.mongodb()

    def plan(self) -> plan.Plan:
        """The run's plan, opened on first use."""
        client = self.clickhouse()
        if self._plan is None:
            with self.postgres() as connection:
                settings = wanted.settings(client, connection)
            full = self.full_refresh or wanted.lacks_a_table(client)
            days = [] if full else [date.fromisoformat(day) for day in self.days]
            opened = plan.open_plan(client, self.fence(), settings, full=full, days=days)
            # Before anybody may rewrite events: a retried asset must not get the plan without it.
            plan.add_days(client, opened)
            self._plan = opened
        return self._plan
