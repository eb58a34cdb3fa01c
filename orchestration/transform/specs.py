"""dbt's manifest as Dagster's specs: what dagster-dbt makes of it, without loading dbt.

dagster-dbt imports dbt, its adapters and a parser of SQL, whether or not dbt is called: over a
second in every process.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from textwrap import indent
from typing import Any, TypeAlias

import dagster as dg

Manifest: TypeAlias = Mapping[str, Any]
Node: TypeAlias = Mapping[str, Any]
# By dbt's. Intermediate models read marts and are read by marts: one group, or the graph of groups
# goes in circles.
GROUPS = {"events": "events", "intermediate": "marts", "marts": "marts"}
ASSETS = {"model", "seed"}


def asset_key(node: Node) -> dg.AssetKey:
    """[schema, name], where the served ClickHouse databases keep their plain names.

    A source that another asset writes beside its own table names it in `meta.asset`.
    """
    is_source = node["resource_type"] == "source"
    stage = node["source_name"] if is_source else node["config"].get("schema") or node["schema"]
    name = (node.get("meta") or {}).get("asset", node["name"])
    return dg.AssetKey([str(stage), str(name)])


def asset_specs(manifest: Manifest, dbt_groups: Collection[str]) -> Iterator[dg.AssetSpec]:
    """Of the models and seeds of these groups of dbt's."""
    for node in _assets(manifest, dbt_groups):
        yield _asset_spec(manifest, node)


def check_specs(manifest: Manifest, dbt_groups: Collection[str]) -> Iterator[dg.AssetCheckSpec]:
    """Of the tests of these models and seeds, each with the one asset that it belongs to."""
    for node in _assets(manifest, dbt_groups):
        for test_id in sorted(manifest["child_map"][node["unique_id"]]):
            key = check_key(test_id, manifest) if test_id.startswith("test.") else None
            if key and key.asset_key == asset_key(node):
                yield _check_spec(manifest, test_id, key)


def check_key(test_id: str, manifest: Manifest) -> dg.AssetCheckKey | None:
    """None for a test that belongs to no single asset, or to a model of the other target."""
    test = manifest["nodes"][test_id]
    read = set(test["depends_on"]["nodes"])
    attached = test.get("attached_node") or (read.pop() if len(read) == 1 else None)
    node = _node(manifest, attached) if attached else None
    return dg.AssetCheckKey(asset_key(node), test["name"]) if node else None


def _node(manifest: Manifest, unique_id: str) -> Node | None:
    found: Node | None = manifest["nodes"].get(unique_id) or manifest["sources"].get(unique_id)
    return found


def _assets(manifest: Manifest, dbt_groups: Collection[str]) -> Iterator[Node]:
    for node in manifest["nodes"].values():
        if _is_asset(node) and node["config"].get("group") in dbt_groups:
            yield node


def _is_asset(node: Node) -> bool:
    """An ephemeral model is part of those that read it."""
    return node["resource_type"] in ASSETS and node["config"].get("materialized") != "ephemeral"


def _asset_spec(manifest: Manifest, node: Node) -> dg.AssetSpec:
    key, code = asset_key(node), node.get("raw_code") or ""
    return dg.AssetSpec(
        key,
        deps=_read(manifest, node),
        skippable=True,
        group_name=GROUPS.get(node["config"].get("group"), key.path[0]),
        description=f"{node['description']}\n\n#### Raw SQL:\n```sql\n{indent(code, '    ')}\n```",
        code_version=_code_version(node, code),
        kinds={"dbt", manifest["metadata"]["adapter_type"]},
        metadata=_metadata(node),
    )


def _code_version(node: Node, code: str) -> str:
    """Of a seed, that of its rows."""
    digest: str = node["checksum"]["checksum"]
    return hashlib.sha1(code.encode(), usedforsecurity=False).hexdigest() if code else digest


def _metadata(node: Node) -> dict[str, Any]:
    columns = [
        dg.TableColumn(name, column.get("data_type") or "?", column.get("description"))
        for name, column in node["columns"].items()
    ]
    parts = (node.get("database"), node["schema"], node["alias"])
    return {
        "dagster/table_name": ".".join(filter(None, parts)),
        "dagster/column_schema": dg.TableSchema(columns),
        "dbt/materialized": node["config"].get("materialized"),
    }


def _check_spec(manifest: Manifest, test_id: str, key: dg.AssetCheckKey) -> dg.AssetCheckSpec:
    test = manifest["nodes"][test_id]
    return dg.AssetCheckSpec(
        test["name"],
        asset=key.asset_key,
        additional_deps=_read(manifest, test) - {key.asset_key},
        blocking=test["config"]["severity"].lower() == "error",
    )


def _read(manifest: Manifest, node: Node) -> set[dg.AssetKey]:
    """Assets that it reads, through whatever lies between."""
    found = set()
    for unique_id in node["depends_on"].get("nodes", ()):
        parent = _node(manifest, unique_id)
        if parent is None:
            continue
        if parent["resource_type"] == "source" or _is_asset(parent):
            found.add(asset_key(parent))
        else:
            found |= _read(manifest, parent)
    return found
