"""What Dagster's pages do when somebody clicks, through the same GraphQL server."""

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "hxi_warehouse"}
OVER = {"SUCCESS", "FAILURE", "CANCELED"}
# What is heard of a server that was killed.
AWAY = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
PATIENCE = 400.0  # seconds

LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
BACKFILL = """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(
  backfillParams: $params) { ... on LaunchBackfillSuccess { backfillId }
  ... on PythonError { message } } }"""
AGAIN = """mutation ($params: ReexecutionParams!) {
  launchRunReexecution(reexecutionParams: $params) {
    ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
CANCEL = """mutation ($run: String!) { terminateRun(runId: $run) { __typename } }"""
LOCATION = """{ workspaceOrError { ... on Workspace { locationEntries {
  loaded: locationOrLoadError { ... on RepositoryLocation { name } } } } } }"""
RELOAD = """mutation ($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) { __typename } }"""
BACKFILLS = """{ partitionBackfillsOrError {
  ... on PartitionBackfills { results { status } } } }"""
RUNS = "{ runsOrError { ... on Runs { results { runId status jobName tags { key value } } } } }"
LOGS = """query ($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
  __typename ... on MessageEvent { message stepKey } } } } }"""


@dataclass(frozen=True)
class Pages:
    """At their address."""

    base: str

    def launch(self, job: str, **selected: object) -> str:
        """A run, of all or of what is selected; its id."""
        selector = {**REPOSITORY, "jobName": job, **selected}
        said = self._ask(LAUNCH, params={"selector": selector, "mode": "default"})
        return str(said["launchRun"]["run"]["runId"])

    def backfill(self, job: str, partitions: Sequence[str]) -> None:
        """Runs of these partitions."""
        selector = {
            "partitionSetName": f"{job}_partition_set",
            "repositorySelector": REPOSITORY,
        }
        said = self._ask(
            BACKFILL, params={"selector": selector, "partitionNames": list(partitions)}
        )
        assert "backfillId" in said["launchPartitionBackfill"], said

    def again(self, run: str, strategy: str = "FROM_FAILURE") -> str:
        """Re-execute; the new run's id, '' when Dagster refuses (nothing of it has failed)."""
        said = self._ask(AGAIN, params={"parentRunId": run, "strategy": strategy})
        return str(said["launchRunReexecution"].get("run", {}).get("runId", ""))

    def cancel(self, run: str) -> None:
        """Terminate."""
        self._ask(CANCEL, run=run)

    def runs(self, job: str = "") -> dict[str, str]:
        """Status by run, of one job or of all."""
        return {one["runId"]: one["status"] for one in self._runs() if job in {"", one["jobName"]}}

    def process(self, run: str) -> int:
        """The pid that executes it."""
        for event in self._events(run):
            if found := re.search(r"pid: (\d+)", event.get("message") or ""):
                return int(found[1])
        return 0

    def wait_until(self, condition: Callable[[], object], patience: float = PATIENCE) -> None:
        """Ask again and again, so many seconds."""
        end = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < end, self.runs()
            time.sleep(0.5)

    def reload(self) -> None:
        """Reload definitions: Dagster itself does not start a code server again that was killed."""
        self.wait_until(lambda: self.can_run() or self._reloaded())

    def _reloaded(self) -> bool:
        self._ask(RELOAD, name=REPOSITORY["repositoryLocationName"])
        time.sleep(5)
        return self.can_run()

    def can_run(self) -> bool:
        """Whether the server has loaded what can be run."""
        (location,) = self._ask(LOCATION)["workspaceOrError"]["locationEntries"]
        return "name" in (location["loaded"] or {})

    def has_begun(self, run: str, step: str) -> bool:
        """Whether a step of the run has started."""
        return any(
            event["__typename"] == "ExecutionStepStartEvent" and event["stepKey"] == step
            for event in self._events(run)
        )

    def is_over(self, run: str) -> bool:
        """However it ended."""
        return self.runs()[run] in OVER

    def is_quiet(self) -> bool:
        """Whether every run is over, and none is to come of a backfill or a failure."""
        runs, backfills = self._runs(), self._ask(BACKFILLS)["partitionBackfillsOrError"]["results"]
        return (
            {one["status"] for one in runs} <= OVER
            and "REQUESTED" not in {one["status"] for one in backfills}
            and not any(map(_will_be_tried_again, runs))
        )

    def _runs(self) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = self._ask(RUNS)["runsOrError"]["results"]
        return runs

    def _events(self, run: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self._ask(LOGS, run=run)["logsForRun"]["events"]
        return events

    def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self._asked_once(query, variables)
            except AWAY as error:  # killed, or starting
                if time.monotonic() > end:
                    raise
                # A code server that was killed is loaded in its eyes until somebody reloads it.
                if isinstance(error, urllib.error.HTTPError):
                    with suppress(*AWAY):
                        self._asked_once(RELOAD, {"name": REPOSITORY["repositoryLocationName"]})
                time.sleep(1)

    def _asked_once(self, query: str, variables: Mapping[str, object]) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.base}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            said = json.load(answer)
        assert "errors" not in said, said
        data: dict[str, Any] = said["data"]
        return data


def _will_be_tried_again(run: Mapping[str, Any]) -> bool:
    """By Dagster's daemon, which has not begun it."""
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    return tags.get("dagster/will_retry") == "true" and "dagster/auto_retry_run_id" not in tags
