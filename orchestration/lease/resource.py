"""One run's hold on the warehouse, shared by its assets: the lease, the open plan, the clients."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from typing import Any, NoReturn, TypeVar, cast

import dagster as dg
import psycopg
import pymongo
from clickhouse_connect.driver.client import Client
from pydantic import Field, PrivateAttr

from orchestration.lease.held import HeldStores, held_stores
from orchestration.plan import plan as plans
from orchestration.plan import steps
from orchestration.plan.doubts import doubted
from orchestration.plan.plan import Plan
from orchestration.stores.clients import integer
from orchestration.stores.settings import Settings

# Of all that takes the lease: Dagster's queue lets one such run go at a time (stack/dagster.yaml).
POOL = "hxi_warehouse"
NOTHING = "nothing is planned"
DAYS = "planned days"
RECORDED = "recorded steps"
T = TypeVar("T")


class RunResource(dg.ConfigurableResource[None]):
    """The lease and the plan of one Dagster run.

    A run holds the lease from its first asset to its last. `ops/planned_sessions` alone opens a
    plan; every other asset works on the open one. Each client is given out after the lease was
    checked: LeaseLostError when it is gone.
    """

    full_refresh: bool = False
    days: list[str] = Field(
        default=[], description="UTC days (2026-10-01) whose sessions are built again"
    )

    verify: bool = Field(
        default=False, description="compare every session with raw, and build those that differ"
    )
    wait_minutes: float = Field(
        default=0, description="how long to wait for a run that is at work, before giving up"
    )

    _held: HeldStores = PrivateAttr()
    _beside: ThreadPoolExecutor = PrivateAttr()
    _plan: Plan | None = PrivateAttr(default=None)
    _known: dict[str, Any] = PrivateAttr(default_factory=dict)
    _first_run: str = PrivateAttr(default="")
    _is_again: bool = PrivateAttr(default=False)
    _context: dg.InitResourceContext | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Any]:
        """Hold the lease and one ClickHouse client for the length of the run."""
        run = context.run
        run_id = run.run_id if run else ""
        self._first_run = run.root_run_id or run_id if run else ""
        self._is_again = run is not None and run.parent_run_id is not None
        self._context = context
        wait_s = self.wait_minutes * 60
        with (
            held_stores(Settings.from_environment(), run_id, wait_s) as self._held,
            _thread_under(self._held) as self._beside,
        ):
            self._plan = None
            self._known.clear()
            self.begin()
            yield self

    def begin(self) -> None:
        """What is done before the first asset; nothing here."""

    def marts_are_built(self, context: dg.AssetExecutionContext) -> None:
        """What is begun beside the steps after this one, which is `context`'s; nothing here."""

    def beside(self, work: Callable[[], T]) -> "Future[T]":
        """Have it done in a thread of its own; at the run's end its stores refuse its next write.

        LeaseLostError is then what it ends with.
        """
        return self._beside.submit(work)

    @property
    def is_looked_at(self) -> bool:
        """Whether what its assets tell is kept for Dagster's pages."""
        return True

    def fence(self) -> int:
        """The lease's number."""
        return self._held.fence()

    def clickhouse(self) -> Client:
        """The run's client; never closed by the caller."""
        return self._held.clickhouse()

    def statement_id(self) -> str:
        """The id that a statement of another client at ClickHouse must carry."""
        return self._held.statement_id()

    def postgres(self) -> psycopg.Connection[Any]:
        """A new connection, to be closed by the caller."""
        return self._held.postgres()

    @property
    def settings(self) -> Settings:
        """Where the stores are."""
        return self._held.settings

    def owner(self) -> psycopg.Connection[Any]:
        """A new connection as who logged in, in autocommit, to be closed by the caller."""
        return self._held.owner()

    def mongodb(self) -> "pymongo.MongoClient[dict[str, Any]]":
        """A new client, to be closed by the caller."""
        return self._held.mongodb()

    def open_plan(self, settings: plans.Settings, *, full: bool) -> Plan:
        """Open a plan, which takes over the sessions of an unfinished one.

        `full` where a mart is missing.
        """
        client = self.clickhouse()
        days = [] if full else [date.fromisoformat(day) for day in self.days]
        opened = plans.open_plan(
            client,
            self.fence(),
            settings,
            full=full,
            days=days,
            doubted="" if full else doubted(client, thorough=self.verify, are_there=True),
        )
        # Before anybody may rewrite events: a retried asset must not get the plan without it.
        planned_days = plans.add_days(client, opened)
        steps.join(client, opened, self._first_run)
        self._known.clear()
        self.have_days(planned_days)
        self._plan = opened
        return opened

    def once(self, what: str, ask: Callable[[], T]) -> T:
        """What `ask` answers, asked once while this run is at its plan."""
        if what not in self._known:
            self._known[what] = ask()
        return cast(T, self._known[what])

    def plan(self) -> Plan:
        """The open plan; without one, number 0 without sessions.

        A run that repeats one whose plan another run has taken over ends here.
        """
        client = self.clickhouse()
        if self._plan is None:
            found = plans.current_plan(client)
            if self._is_again:
                self._check_is_ours(found)
            if found.plan_id:
                steps.join(client, found, self._first_run)
            self._plan = found
        return self._plan

    def _check_is_ours(self, found: Plan) -> None:
        ours = steps.plan_of(self.clickhouse(), self._first_run)
        if ours and ours != found.plan_id:
            self._cancel(
                f"plan {ours} of run {self._first_run} is over or was taken over by another run:"
                " nothing is left to do here, `refresh` builds what has landed since"
            )

    def _cancel(self, reason: str) -> NoReturn:
        """End the run as cancelled: nothing is wrong, nothing was built, a retry finds the same."""
        if self._context is not None and self._context.run and self._context.instance:
            self._context.instance.report_run_canceling(self._context.run, reason)
        raise dg.DagsterExecutionInterruptedError(reason)

    @contextmanager
    def step(self, keys: Iterable[dg.AssetKey]) -> Iterator[Plan]:
        """The plan to build these tables of; they count as built when the block ends."""
        names = [key.to_user_string() for key in keys]
        found = self.plan()
        if found.plan_id:
            self.begins(found, names)
        yield found
        if found.plan_id:
            self.ends(found, names)

    def begins(self, found: Plan, names: Iterable[str]) -> None:
        """What was never finished needs no word that it is not."""
        client = self.clickhouse()
        recorded = self.once(RECORDED, lambda: steps.recorded(client, found))
        if again := recorded.intersection(names):
            steps.begin(client, found, again)
        recorded.update(names)

    def ends(self, found: Plan, names: Iterable[str]) -> None:
        """All rows of these steps are written."""
        steps.finish(self.clickhouse(), found, names)

    def missing(self, reads: Mapping[str, Collection[str]]) -> list[str]:
        """Steps of `reads` that are still to be built for the plan."""
        return steps.missing(self.clickhouse(), self.plan(), reads)

    def have_days(self, days: int) -> None:
        """So many are planned now."""
        self._known[DAYS] = days

    def measured(self, started: float | None = None) -> Mapping[str, float | str]:
        """Metadata of a materialisation: what is planned, days so far, and seconds.

        `started` is time.monotonic() from before the step's work.
        """
        client = self.clickhouse()
        days = self.once(DAYS, lambda: integer(client, "SELECT count() FROM ops.planned_days"))
        planned = {
            "plan": self.plan().plan_id or NOTHING,
            "planned_sessions": self.plan().sessions,
            "planned_days": days,
        }
        if started is None:
            return planned
        return {**planned, "seconds": round(time.monotonic() - started, 3)}


@contextmanager
def _thread_under(held: HeldStores) -> Iterator[ThreadPoolExecutor]:
    """One thread, made when it has something to do, that is over before the lease is freed."""
    with ThreadPoolExecutor(1, thread_name_prefix="beside") as pool:
        try:
            yield pool
        finally:
            held.lease.give_up()
