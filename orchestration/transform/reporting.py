"""What the models and tests of dbt's project tell Dagster, whoever sent their statements."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import Any, TypeAlias

import dagster as dg

from orchestration.transform.specs import asset_key, check_key

Event: TypeAlias = dg.MaterializeResult[None] | dg.AssetCheckResult


class DbtRunError(Exception):
    """A model or test failed; the message names each with what the engine said."""


_told: list[Callable[[str], None]] = []


@contextmanager
def telling(begins: Callable[[str], None]) -> Iterator[None]:
    """Within the block `begins` is called with each model that is begun, by any thread."""
    _told.append(begins)
    try:
        yield
    finally:
        _told.remove(begins)


def tell(table: str) -> None:
    """That its rows are being written; with its schema."""
    for begins in _told:
        begins(table)


def unchanged(manifest: Mapping[str, Any], unique_ids: list[str]) -> Iterator[Event]:
    """What a build yields for tables and tests where no row would be written.

    Tests count as passed: they read the rows of the plan, and a run they fail leaves its plan open.
    """
    # Of the whole project: what lies between two of them may be no table (an ephemeral model).
    for unique_id in TopologicalSorter(manifest["parent_map"]).static_order():
        if unique_id not in unique_ids:
            continue
        if unique_id.startswith("test."):
            yield from _passed(unique_id, manifest)
        else:
            yield materialised(unique_id, manifest, {"rows_written": 0})
            for test in _tests_of(unique_id, manifest):
                yield from _passed(test, manifest)


def _passed(test_id: str, manifest: Mapping[str, Any]) -> Iterator[Event]:
    return check(test_id, manifest, passed=True, metadata={"rows_read": 0})


def materialised(
    unique_id: str,
    manifest: Mapping[str, Any],
    metadata: Mapping[str, float],
) -> dg.MaterializeResult[None]:
    """Of a model or seed."""
    key = asset_key(manifest["nodes"][unique_id])
    return dg.MaterializeResult(asset_key=key, metadata=metadata)


def check(
    test_id: str,
    manifest: Mapping[str, Any],
    *,
    passed: bool,
    metadata: Mapping[str, float],
) -> Iterator[dg.AssetCheckResult]:
    """None for a test that belongs to no single asset."""
    found = check_key(test_id, manifest)
    if found is not None:
        yield dg.AssetCheckResult(
            asset_key=found.asset_key, check_name=found.name, passed=passed, metadata=metadata
        )


def _tests_of(unique_id: str, manifest: Mapping[str, Any]) -> Iterator[str]:
    for child in manifest["child_map"][unique_id]:
        if manifest["nodes"].get(child, {}).get("attached_node") == unique_id:
            yield child
