"""Dagster's instance for one run in this process: its events are heard, and not kept.

Dagster's own ephemeral instance writes each event to a SQL database in memory and asks it before
each asset what came before: half of the processor time of a small run. Nobody reads that database:
listeners are told of events by the instance, and the run's result holds them.
"""

from collections.abc import Sequence

import dagster as dg
from dagster._core.instance import InstanceType
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._core.run_coordinator import DefaultRunCoordinator
from dagster._core.storage.event_log import InMemoryEventLogStorage
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.root import TemporaryLocalArtifactStorage
from dagster._core.storage.runs import InMemoryRunStorage


class Unkept(InMemoryEventLogStorage):
    """Holds no event of any run."""

    def store_event(self, event: dg.EventLogEntry) -> None:
        """What the instance tells its listeners does not depend on it."""

    def get_asset_records(
        self,
        asset_keys: Sequence[dg.AssetKey] | None = None,  # noqa: ARG002 - Dagster's
    ) -> list[AssetRecord]:
        """None, of which Dagster makes that nothing was ever built."""
        return []

    @property
    def asset_records_have_last_observation(self) -> bool:
        """So that it does not look for observations of each asset that is read, either."""
        return True


def instance_of_one_run() -> dg.DagsterInstance:
    """To be closed by the caller; as `DagsterInstance.ephemeral()` but for the events."""
    return dg.DagsterInstance(
        instance_type=InstanceType.EPHEMERAL,
        local_artifact_storage=TemporaryLocalArtifactStorage(),  # type: ignore[no-untyped-call] # Dagster's
        run_storage=InMemoryRunStorage(),
        event_storage=Unkept(),
        compute_log_manager=NoOpComputeLogManager(),
        run_coordinator=DefaultRunCoordinator(),
        run_launcher=SyncInMemoryRunLauncher(),
    )
