"""Runs dbt inside this process and reports each model and test to Dagster."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import Any, TypeAlias

import dagster as dg
from dagster_dbt import DagsterDbtTranslator
from dagster_dbt.asset_utils import get_asset_check_key_for_test
from dbt.artifacts.schemas.results import RunStatus, TestStatus
from dbt.artifacts.schemas.run import RunResult
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg

from orchestration.transform.fenced import fenced
from orchestration.transform.project import Project

Event: TypeAlias = dg.MaterializeResult[None] | dg.AssetCheckResult

PLAN = "HXI_PLAN"

# What dbt calls a node that did what it should, and one that did not; the rest was skipped.
GOOD = {RunStatus.Success, TestStatus.Pass, TestStatus.Warn}
BAD = {RunStatus.Error, TestStatus.Fail}


class DbtRunError(Exception):
    """A model or test failed; the message names each with what the engine said."""


_told: list[Callable[[str], None]] = []


@contextmanager
def telling(begins: Callable[[str], None]) -> Iterator[None]:
    """Within the block `begins` is called with each model that dbt begins, by dbt's threads."""
    _told.append(begins)
    try:
        yield
    finally:
        _told.remove(begins)


def _tell(message: EventMsg) -> None:
    if message.info.name == "NodeStart":
        node = message.data.node_info  # type: ignore[attr-defined] # of this kind of event
        if node.resource_type == "model":
            for begins in _told:
                begins(f"{node.node_relation.schema}.{node.node_name}")


def build(
    project: Project,
    unique_ids: list[str],
    translator: DagsterDbtTranslator,
    plan_id: int,
    statement_id: Callable[[], str],
) -> Iterator[Event]:
    """`dbt build` of these nodes and their tests; of tables, what the open plan names.

    `statement_id` checks the lease and names each statement after it.

    Yields their results, then raises DbtRunError if any failed.
    """
    manifest = project.manifest()
    names = [".".join(manifest["nodes"][unique_id]["fqn"]) for unique_id in unique_ids]
    # Tests that also read a table of a later call wait for that call.
    select = ["--indirect-selection", "buildable", "--select", *(f"fqn:{one}" for one in names)]
    os.environ[PLAN] = str(plan_id)  # with it, this run may write served tables
    try:
        with fenced(statement_id), project.scratch() as scratch:
            result = dbtRunner(manifest=project.parsed(), callbacks=[_tell]).invoke(
                # Without --no-write-json each call writes the manifest again: half of its time.
                # Unit tests try a model on made-up rows: for those who change it, not for each run.
                [
                    *("build", "--no-write-json", "--exclude-resource-type", "unit_test"),
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
        yield from _events(node, manifest, translator)
    failed = [f"{node.node.name}: {node.message}" for node in nodes if node.status in BAD]
    if failed:
        raise DbtRunError(f"dbt {project.target}: " + "; ".join(failed))


def unchanged(
    project: Project, unique_ids: list[str], translator: DagsterDbtTranslator
) -> Iterator[Event]:
    """What `build` yields for tables and tests, without dbt, where no row would be written.

    Tests count as passed: they read the rows of the plan, and a run they fail leaves its plan open.
    """
    manifest = project.manifest()
    # Of the whole project: what lies between two of them may be no table (an ephemeral model).
    for unique_id in TopologicalSorter(manifest["parent_map"]).static_order():
        if unique_id not in unique_ids:
            continue
        if unique_id.startswith("test."):
            yield from _passed(unique_id, manifest, translator)
        else:
            key = translator.get_asset_spec(manifest, unique_id, None).key
            yield dg.MaterializeResult(asset_key=key, metadata={"rows_written": 0})
            for test in _tests_of(unique_id, manifest):
                yield from _passed(test, manifest, translator)


def _tests_of(unique_id: str, manifest: Mapping[str, Any]) -> Iterator[str]:
    for child in manifest["child_map"][unique_id]:
        if manifest["nodes"].get(child, {}).get("attached_node") == unique_id:
            yield child


def _events(
    node: RunResult, manifest: Mapping[str, Any], translator: DagsterDbtTranslator
) -> Iterator[Event]:
    unique_id = node.node.unique_id
    if unique_id.startswith("test."):
        if node.status != TestStatus.Skipped:
            passed = node.status in GOOD
            metadata = {
                "failing_rows": node.failures or 0,
                "seconds": round(node.execution_time, 3),
            }
            yield from _check(unique_id, manifest, translator, passed=passed, metadata=metadata)
    elif unique_id.startswith(("model.", "seed.")) and node.status in GOOD:  # hooks report too
        yield dg.MaterializeResult(
            asset_key=translator.get_asset_spec(manifest, unique_id, None).key,
            metadata={"seconds": round(node.execution_time, 3)},
        )


def _passed(
    test_id: str, manifest: Mapping[str, Any], translator: DagsterDbtTranslator
) -> Iterator[Event]:
    return _check(test_id, manifest, translator, passed=True, metadata={"rows_read": 0})


def check_key(
    test_id: str, manifest: Mapping[str, Any], translator: DagsterDbtTranslator
) -> dg.AssetCheckKey | None:
    """None for a test that belongs to no single asset."""
    return get_asset_check_key_for_test(
        manifest=manifest,
        dagster_dbt_translator=translator,
        test_unique_id=test_id,
        project=None,
    )


def _check(
    test_id: str,
    manifest: Mapping[str, Any],
    translator: DagsterDbtTranslator,
    *,
    passed: bool,
    metadata: Mapping[str, float],
) -> Iterator[dg.AssetCheckResult]:
    """None for a test that belongs to no single asset."""
    check = check_key(test_id, manifest, translator)
    if check is not None:
        yield dg.AssetCheckResult(
            asset_key=check.asset_key, check_name=check.name, passed=passed, metadata=metadata
        )
