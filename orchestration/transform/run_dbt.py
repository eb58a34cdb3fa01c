"""Runs dbt inside this process and reports each model and test to Dagster."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import dagster as dg
from dagster_dbt import DagsterDbtTranslator
from dagster_dbt.asset_utils import get_asset_check_key_for_test
from dbt.artifacts.schemas.results import RunStatus, TestStatus
from dbt.artifacts.schemas.run import RunResult
from dbt.cli.main import dbtRunner

from orchestration.transform.project import Project

Event: TypeAlias = dg.MaterializeResult[None] | dg.AssetCheckResult

HOLDS_LEASE = "HXI_HOLDS_LEASE"

# What dbt calls a node that did what it should.
GOOD = {RunStatus.Success, TestStatus.Pass, TestStatus.Warn}


class DbtRunError(Exception):
    """A model or test failed; the message names each with what the engine said."""


def build(
    project: Project, unique_ids: list[str], translator: DagsterDbtTranslator
) -> Iterator[Event]:
    """`dbt build` of these nodes and their tests.

    Yields their results, then raises DbtRunError if any failed.
    """
    manifest = project.manifest()
    names = [".".join(manifest["nodes"][unique_id]["fqn"]) for unique_id in unique_ids]
    select = ["--select", *(f"fqn:{name}" for name in names)]
    os.environ[HOLDS_LEASE] = "1"  # for macros/prepare_target.sql: this run may write served tables
    try:
        result = dbtRunner(manifest=project.parsed()).invoke(
            ["build", *project.arguments(), *select]
        )
    finally:
        del os.environ[HOLDS_LEASE]
    if result.result is None:
        raise DbtRunError(f"dbt {project.target} did not run: {result.exception}")
    nodes: list[RunResult] = list(result.result.results)  # type: ignore[union-attr] # a build's result
    for node in nodes:
        yield from _events(node, manifest, translator)
    failed = [f"{node.node.name}: {node.message}" for node in nodes if node.status not in GOOD]
    if failed:
        raise DbtRunError(f"dbt {project.target}: " + "; ".join(failed))


def _events(
    node: RunResult, manifest: Mapping[str, Any], translator: DagsterDbtTranslator
) -> Iterator[Event]:
    unique_id = node.node.unique_id
    if unique_id.startswith("test."):
        check = get_asset_check_key_for_test(
            manifest=manifest,
            dagster_dbt_translator=translator,
            test_unique_id=unique_id,
            project=None,
        )
        if check is not None and node.status != TestStatus.Skipped:
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=node.status in GOOD,
                metadata={"failing_rows": node.failures or 0},
            )
    elif node.status in GOOD:
        rows = (node.adapter_response or {}).get("rows_affected")
        yield dg.MaterializeResult(
            asset_key=translator.get_asset_spec(manifest, unique_id, None).key,
            metadata={"seconds": round(node.execution_time, 3), "rows_written": rows or 0},
        )
