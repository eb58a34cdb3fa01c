"""One run's hold on the warehouse, shared by its assets: the lease, the open plan, the clients."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Any

import dagster as dg
import psycopg
import pymongo
from clickhouse_connect.driver.client import Client
from pydantic import Field, PrivateAttr

from orchestration.plan import lease, plan
from orchestration.project_settings import stored
from orchestration.project_settings.overrides import effective, project_hash
from orchestration.resources.clients import (
    clickhouse_client,
    integer,
    mongodb_client,
    postgres_connection,
)
from orchestration.retention.expiry import finish
from orchestration.rules import rules_hash
from orchestration.settings import Settings
from orchestration.transform.project import CLICKHOUSE


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

    _settings: Settings = PrivateAttr()
    _lease: lease.Lease = PrivateAttr()
    _clickhouse: Client = PrivateAttr()
    _plan: plan.Plan | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, _context: dg.InitResourceContext) -> Iterator[Any]:
        """Hold the lease and one ClickHouse client for the length of the run."""
        self._settings = Settings.from_environment()
        with ExitStack() as stack:
            self._lease = stack.enter_context(lease.held(self._settings.postgres_dsn))
            self._clickhouse = clickhouse_client(self._settings.clickhouse_url)
            stack.callback(self._clickhouse.close)
            self._plan = None
            finish(self)  # before anything is compared, landed again or built
            yield self

    def fence(self) -> int:
        """The lease's number."""
        self._lease.check()
        return self._lease.fence

    def clickhouse(self) -> Client:
        """The run's client; never closed by the caller."""
        self._lease.check()
        return self._clickhouse

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
        self._lease.check()
        return postgres_connection(self._settings.postgres_dsn)

    def mongodb(self) -> "pymongo.MongoClient[dict[str, Any]]":
        """A new client, to be closed by the caller."""
        self._lease.check()
        return mongodb_client(self._settings.mongodb_uri)

    def plan(self) -> plan.Plan:
        """The run's plan, opened on first use."""
        client = self.clickhouse()
        if self._plan is None:
            with self.postgres() as connection:
                rules = _rules(client, connection)
            full = self.full_refresh or _lacks_a_table(client)
            days = [] if full else [date.fromisoformat(day) for day in self.days]
            opened = plan.open_plan(client, self._lease.fence, rules, full=full, days=days)
            # Before anybody may rewrite events: a retried asset must not get the plan without it.
            plan.add_days(client, opened)
            self._plan = opened
        return self._plan


def _rules(client: Client, connection: psycopg.Connection[Any]) -> plan.Settings:
    """What rows are built with now. ProjectSettingsError for overrides that cannot be used."""
    rules = rules_hash()
    overrides = stored.of_all_projects(connection, client)
    return plan.Settings(
        default_hash=rules,
        project_hashes={name: project_hash(rules, own) for name, own in overrides.items()},
        overrides={name: effective(own) for name, own in overrides.items()},
    )


def _lacks_a_table(client: Client) -> bool:
    """Whether a table that runs rewrite in parts is not there: only a full plan fills it."""
    tables = client.query("SELECT database, name FROM system.tables").result_rows
    return not CLICKHOUSE.kept_tables() <= {(str(database), str(name)) for database, name in tables}
