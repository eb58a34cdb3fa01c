"""The checks as a scheduler has them: without the lease, so that they judge a run at work too."""

import json
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime

import dagster as dg

from orchestration.checks.lag import Lag, lag, landed
from orchestration.checks.open_run import OpenRun, open_run
from orchestration.documents.freshness import Freshness, freshness
from orchestration.erasure import requests
from orchestration.stores.clients import clickhouse_client, short_connection
from orchestration.stores.settings import Settings

DONE = dg.AssetKey(["ops", "done"])
ALERT_TIMEOUT_S = 10

Metadata = Mapping[str, int | bool | dg.TimestampMetadataValue | None]


class Watch(dg.ConfigurableResource[None]):
    """How long is too long, and who is told.

    `alert_url` takes a POST of `{"text": …}` for each check that fails, as chat tools do; '' tells
    nobody but Dagster.
    """

    lag_minutes: int = 30
    open_minutes: int = 10
    alert_url: str = ""

    def lag(self) -> Lag:
        """How far the marts are behind."""
        with closing(clickhouse_client(Settings.from_environment().clickhouse_url)) as client:
            return lag(client)

    def documents(self) -> Freshness:
        """How far derived documents are behind the marts."""
        with closing(clickhouse_client(Settings.from_environment().clickhouse_url)) as client:
            return freshness(client)

    def landed(self) -> int:
        """A number that grows with all that lands."""
        with closing(clickhouse_client(Settings.from_environment().clickhouse_url)) as client:
            return landed(client)

    def asked(self) -> int:
        """The number of the newest erasure that was asked for and is not done; 0: none."""
        with closing(short_connection(Settings.from_environment().postgres_dsn)) as connection:
            return max((one.request_id for one in requests.waiting(connection)), default=0)

    def open_run(self) -> OpenRun | None:
        """The unfinished plan, if there is one."""
        settings = Settings.from_environment()
        with (
            closing(clickhouse_client(settings.clickhouse_url)) as client,
            short_connection(settings.postgres_dsn) as connection,
        ):
            return open_run(client, connection)

    def judged(
        self, problem: str, metadata: Metadata, warn: Callable[[str], None]
    ) -> dg.AssetCheckResult:
        """Passed without a problem; else a warning, told to whoever is to be told."""
        if problem:
            warn(problem)
            self._tell(problem)
        return dg.AssetCheckResult(
            passed=not problem,
            severity=dg.AssetCheckSeverity.WARN,
            description=problem or None,
            metadata=dict(metadata),
        )

    def _tell(self, problem: str) -> None:
        if not self.alert_url:
            return
        request = urllib.request.Request(
            self.alert_url,
            json.dumps({"text": f"HXI Warehouse: {problem}"}).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=ALERT_TIMEOUT_S):
            pass


@dg.asset_check(asset=DONE)
def keeps_up(context: dg.AssetCheckExecutionContext, watch: Watch) -> dg.AssetCheckResult:
    """What has landed is in the marts before `lag_minutes` are over."""
    now = watch.lag()
    problem = (
        f"{now.waiting_sessions:,} sessions wait for a run, the oldest batch for"
        f" {now.waited_s // 60} min: is the schedule of `refresh` on, and does it succeed?"
        if now.waiting_sessions and now.waited_s >= 60 * watch.lag_minutes
        else ""
    )
    metadata: Metadata = {
        "waiting_sessions": now.waiting_sessions,
        "waited_s": now.waited_s,
        "newest_landed_at": _timestamp(now.newest_landed_at),
        "newest_built_at": _timestamp(now.newest_built_at),
    }
    return watch.judged(problem, metadata, context.log.warning)


@dg.asset_check(asset=DONE)
def documents_keep_up(context: dg.AssetCheckExecutionContext, watch: Watch) -> dg.AssetCheckResult:
    """What is in the marts is in MongoDB's documents before `lag_minutes` are over."""
    now = watch.documents()
    problem = (
        f"documents in MongoDB are {now.behind_s // 60} min behind the tables: they are those of"
        f" run {now.served}, the tables those of run {now.built}; run `refresh` again"
        if now.is_behind and now.behind_s >= 60 * watch.lag_minutes
        else ""
    )
    metadata: Metadata = {
        "built_plan": now.built,
        "served_plan": now.served,
        "behind_s": now.behind_s,
    }
    return watch.judged(problem, metadata, context.log.warning)


@dg.asset_check(asset=DONE)
def no_run_is_left_open(
    context: dg.AssetCheckExecutionContext, watch: Watch
) -> dg.AssetCheckResult:
    """No plan is unfinished for `open_minutes` while nobody holds the lease."""
    now = watch.open_run()
    problem = (
        f"run {now.plan_id} has a plan open for {now.age_s // 60} min and nobody is at work on it:"
        " run `refresh` again, it repeats the plan"
        if now is not None and now.is_left(60 * watch.open_minutes)
        else ""
    )
    metadata: Metadata = (
        {"plan_id": now.plan_id, "age_s": now.age_s, "lease_is_held": now.is_held} if now else {}
    )
    return watch.judged(problem, metadata, context.log.warning)


def _timestamp(moment: datetime | None) -> dg.TimestampMetadataValue | None:
    return dg.TimestampMetadataValue(moment.timestamp()) if moment else None


CHECKS = [keeps_up, documents_keep_up, no_run_is_left_open]
