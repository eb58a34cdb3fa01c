"""Runs dbt inside this process and reports each model and test to Dagster."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dbt.artifacts.schemas.results import RunStatus, TestStatus
from dbt.artifacts.schemas.run import RunResult
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg

from orchestration.transform.compiled import DataTest
from orchestration.transform.fenced import fenced
from orchestration.transform.reporting import DbtRunError, Event, check, materialised, tell
from orchestration.transform.sending import Build

PLAN = "HXI_PLAN"

# What dbt calls a node that did what it should, and one that did not; the rest was skipped.
GOOD = {RunStatus.Success, TestStatus.Pass, TestStatus.Warn}
BAD = {RunStatus.Error, TestStatus.Fail}

# Our materialisations ask for what is there once for all models (live.sql).
CACHE = {"clickhouse": ["--no-populate-cache"], "postgres": []}

Sent = Mapping[str, list[str]]
"""By unique_id, the statements that dbt sent to ClickHouse for it."""


def _tell(message: EventMsg) -> None:
    if message.info.name == "NodeStart":
        node = message.data.node_info  # type: ignore[attr-defined] # of this kind of event
        if node.resource_type == "model":
            tell(f"{node.node_relation.schema}.{node.node_name}")


def build(
    what: Build,
    statement_id: Callable[[], str],
    built: Callable[[Sent, Mapping[str, DataTest]], None],
) -> Iterator[Event]:
    """`dbt build` of these nodes and their tests.

    `statement_id` checks the lease and names each statement after it. `built` is called when all
    went well.

    Yields their results, then raises DbtRunError if any failed.
    """
    project, manifest = what.project, what.project.manifest()
    names = [".".join(manifest["nodes"][unique_id]["fqn"]) for unique_id in what.unique_ids]
    # Tests that also read a table of a later call wait for that call.
    select = ["--indirect-selection", "buildable", "--select", *(f"fqn:{one}" for one in names)]
    sent: defaultdict[str, list[str]] = defaultdict(list)
    os.environ[PLAN] = str(what.plan_id)  # with it, this run may write served tables
    try:
        with fenced(statement_id, sent), project.scratch() as scratch:
            result = dbtRunner(manifest=project.parsed(), callbacks=[_tell]).invoke(
                # Without --no-write-json each call writes the manifest again: half of its time.
                # Unit tests try a model on made-up rows: for those who change it, not for each run.
                [
                    *("build", "--no-write-json", "--exclude-resource-type", "unit_test"),
                    *CACHE[project.target],
                    *project.arguments(scratch),
                    *select,
                ]
            )
    finally:
        del os.environ[PLAN]
    if result.result is None:
        raise DbtRunError(f"dbt {project.target} did not run: {result.exception}")
    nodes: list[RunResult] = list(result.result.results)  # type: ignore[union-attr] # a build's result
    for node in nodes:
        yield from _events(node, manifest)
    failed = [f"{node.node.name}: {node.message}" for node in nodes if node.status in BAD]
    if failed:
        raise DbtRunError(f"dbt {project.target}: " + "; ".join(failed))
    built(sent, {node.node.unique_id: _test(node.node) for node in nodes if _is_run_test(node)})


def _is_run_test(node: RunResult) -> bool:
    return node.node.unique_id.startswith("test.") and node.status != TestStatus.Skipped


def _test(node: Any) -> DataTest:
    config = node.config
    limit = f"\nlimit {config.limit}" if config.limit else ""
    return DataTest(
        node.compiled_code + limit,
        config.severity,
        config.fail_calc,
        config.warn_if,
        config.error_if,
    )


def _events(node: RunResult, manifest: Mapping[str, Any]) -> Iterator[Event]:
    unique_id = node.node.unique_id
    seconds = round(node.execution_time, 3)
    if unique_id.startswith("test."):
        if node.status != TestStatus.Skipped:
            passed = node.status in GOOD
            metadata = {"failing_rows": node.failures or 0, "seconds": seconds}
            yield from check(unique_id, manifest, passed=passed, metadata=metadata)
    elif unique_id.startswith(("model.", "seed.")) and node.status in GOOD:  # hooks report too
        yield materialised(unique_id, manifest, {"seconds": seconds})
