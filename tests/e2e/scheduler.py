"""Runs as Dagster makes them: jobs and selections, failures in the middle, and runs done again."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.loader import LoadingContextForTest

from orchestration.automation import BACKFILL, REFRESH
from orchestration.definitions import defs
from orchestration.documents import writing
from orchestration.lease.resource import RunResource
from orchestration.plan.plan import Plan

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


# What a click on assets runs.
ANY_ASSETS = "__ASSET_JOB"
REPOSITORY = ReconstructableRepository.for_module("orchestration.definitions", "defs")


class StoppedError(Exception):
    """Where a test stops a run."""


@dataclass(frozen=True)
class Ran:
    """A run, the first line of its error ('' when it succeeded), and the checks that passed."""

    run_id: str
    error: str
    passed: frozenset[str]


@dataclass(frozen=True)
class Scheduler:
    """Runs in this process, kept by `instance`."""

    instance: dg.DagsterInstance

    def refresh(self) -> Ran:
        """The whole job."""
        return self._run(REPOSITORY.get_reconstructable_job(REFRESH.name))

    def materialise(self, selection: dg.AssetSelection, *, checks: bool = True) -> Ran:
        """A click on these, with or without their checks."""
        keys = frozenset(selection.resolve(defs.resolve_asset_graph()))
        return self._run_parts(keys, None if checks else frozenset())

    def check(self, asset: dg.AssetKey) -> Ran:
        """A click on all checks of an asset."""
        checks = defs.resolve_asset_graph().get(asset).check_keys
        return self._run_parts(frozenset(), frozenset(checks))

    def build_day(self, day: str) -> Ran:
        """A partition of a backfill."""
        job = REPOSITORY.get_reconstructable_job(BACKFILL.name)
        config = job.get_definition().get_run_config_for_partition_key(day)
        return self._run(job, config=config)

    def again(self, ran: Ran, *, from_failure: bool) -> Ran:
        """What "re-execute" and Dagster's own retries do."""
        options = (
            dg.ReexecutionOptions.from_failure(ran.run_id, self.instance)
            if from_failure
            else dg.ReexecutionOptions(parent_run_id=ran.run_id)
        )
        run = self.instance.get_run_by_id(ran.run_id)
        assert run is not None
        job = REPOSITORY.get_reconstructable_job(run.job_name)
        return self._run(job, config=run.run_config, options=options)

    def status(self, ran: Ran) -> dg.DagsterRunStatus:
        """How Dagster's pages show it."""
        run = self.instance.get_run_by_id(ran.run_id)
        assert run is not None
        return run.status

    def warnings(self, ran: Ran) -> list[str]:
        """What its page has in yellow or red."""
        entries = self.instance.all_logs(ran.run_id)
        return [entry.user_message for entry in entries if int(entry.level) >= logging.WARNING]

    def unsynced(self) -> list[str]:
        """Assets whose pages say that what they read has changed, or that they are missing."""
        graph = defs.resolve_asset_graph()
        resolver = CachingStaleStatusResolver(
            self.instance, graph, LoadingContextForTest(self.instance)
        )
        statuses = {key: resolver.get_status(key) for key in graph.executable_asset_keys}
        return sorted(
            key.to_user_string()
            for key, found in statuses.items()
            if found is not StaleStatus.FRESH
        )

    def _run_parts(
        self, assets: frozenset[dg.AssetKey], checks: frozenset[dg.AssetCheckKey] | None
    ) -> Ran:
        """These alone; without a word about checks, with those of the assets."""
        job = REPOSITORY.get_reconstructable_job(ANY_ASSETS)
        return self._run(job.get_subset(asset_selection=assets, asset_check_selection=checks))

    def _run(
        self,
        job: ReconstructableJob,
        *,
        config: object = None,
        options: dg.ReexecutionOptions | None = None,
    ) -> Ran:
        with dg.execute_job(
            job,
            instance=self.instance,
            run_config={**(config if isinstance(config, dict) else {}), **QUIET},
            reexecution_options=options,
            raise_on_error=False,
        ) as result:
            checks = result.get_asset_check_evaluations()
            passed = frozenset(check.check_name for check in checks if check.passed)
            return Ran(result.run_id, "" if result.success else _reason(result), passed)


@contextmanager
def stopping(*, in_step: str = "", after: int | None = None) -> Iterator[None]:
    """Stop a run at the end of a step, by one of its assets, or when so many are finished."""

    def stop(step: str) -> None:
        raise StoppedError(f"stopped in {step}")

    with at_a_steps_end(stop, in_step=in_step, after=after):
        yield


@contextmanager
def at_a_steps_end(
    act: Callable[[str], None], *, in_step: str = "", after: int | None = None
) -> Iterator[None]:
    """Before a run tells that a step is finished, `act` is called with its first asset.

    What `act` runs is as it always is.
    """
    step, finished = RunResource.step, 0

    @contextmanager
    def acting(run: RunResource, keys: Iterable[dg.AssetKey]) -> Iterator[Plan]:
        nonlocal finished
        built = list(keys)
        with step(run, built) as plan:
            yield plan
            if finished == after or in_step in {key.to_user_string() for key in built}:
                with mock.patch.object(RunResource, "step", step):
                    act(built[0].to_user_string())
        finished += 1

    with mock.patch.object(RunResource, "step", acting):
        yield


@contextmanager
def documents_failing() -> Iterator[None]:
    """Runs stop when they begin to write documents to MongoDB."""
    stopped = StoppedError("stopped in documents")
    with mock.patch.object(writing, "write", side_effect=stopped):
        yield


def _reason(result: dg.JobExecutionResult) -> str:
    for event in result.all_events:
        error: Any = getattr(event.event_specific_data, "error", None)
        while getattr(error, "cause", None) is not None:
            error = error.cause
        if event.is_failure and error is not None:
            return str(error.message).strip().splitlines()[0]
    return "no reason"
