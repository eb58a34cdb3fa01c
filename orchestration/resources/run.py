"""One run's hold on the warehouse: the lease, the open plan and the clients, shared by its assets."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

import clickhouse_connect
import dagster as dg
import psycopg
from clickhouse_connect.driver.client import Client
from pydantic import PrivateAttr

from orchestration.plan import lease, plan
from orchestration.settings import Settings, rules_hash

# Long statements of a full refresh stay within these; a stuck server does not hold a run for ever.
CLICKHOUSE_TIMEOUT_S = 3600


def clickhouse_client(url: str) -> Client:
    """A client in UTC without a session, so that its queries may run side by side."""
    return clickhouse_connect.get_client(
        dsn=url,
        autogenerate_session_id=False,
        send_receive_timeout=CLICKHOUSE_TIMEOUT_S,
        settings={"session_timezone": "UTC", "mutations_sync": 2, "max_partitions_per_insert_block": 0},
    )


def postgres_connection(dsn: str) -> psycopg.Connection:
    """A connection in UTC; the caller commits."""
    return psycopg.connect(dsn, options="-c timezone=UTC", application_name="hxi publish")


class RunResource(dg.ConfigurableResource[None]):
    """The lease and the plan of one Dagster run.

    A run holds the lease from its first asset to its last; a second one fails at once with
    LeaseHeldError. The plan is opened when the first asset asks for it and closed by `ops/done`; a run
    that leaves `ops/done` out leaves its plan open, and the next run repeats it.
    """

    full_refresh: bool = False

    _settings: Settings = PrivateAttr()
    _lease: lease.Lease = PrivateAttr()
    _clickhouse: Client = PrivateAttr()
    _plan: plan.Plan | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:
        """Hold the lease and one ClickHouse client for the length of the run."""
        self._settings = Settings.from_environment()
        with ExitStack() as stack:
            self._lease = stack.enter_context(lease.held(self._settings.postgres_dsn))
            self._clickhouse = clickhouse_client(self._settings.clickhouse_url)
            stack.callback(self._clickhouse.close)
            self._plan = None
            yield self

    @property
    def settings(self) -> Settings:
        """Addresses of the stores."""
        return self._settings

    def clickhouse(self) -> Client:
        """The run's ClickHouse client; raises LeaseLostError when the run is no longer the only writer."""
        self._lease.check()
        return self._clickhouse

    def postgres(self) -> psycopg.Connection:
        """A new PostgreSQL connection in UTC, to be closed by the caller; checks the lease as `clickhouse` does."""
        self._lease.check()
        return postgres_connection(self._settings.postgres_dsn)

    def plan(self) -> plan.Plan:
        """The run's plan, opened on first use."""
        client = self.clickhouse()
        if self._plan is None:
            rules = plan.Settings(default_hash=rules_hash(), project_hashes={})
            self._plan = plan.open_plan(client, self._lease.fence, rules, full=self.full_refresh)
            plan.add_days(client, self._plan)
        return self._plan
