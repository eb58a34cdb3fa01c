"""dbt models as assets, in the groups a run builds one after the other.

Events come before signals and marts after them, so they are asset definitions of their own; the
stage of PostgreSQL is the other engine's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration.lease.resource import POOL, RunResource
from orchestration.transform.project import CLICKHOUSE, POSTGRES, Project
from orchestration.transform.run_dbt import Event, build, check_key, unchanged


class StageKeys(DagsterDbtTranslator):
    """Asset key = [database or schema, table]; the group is the folder of models."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """[schema, name], where the served ClickHouse databases keep their plain names.

        A source that another asset writes beside its own table names it in `meta.asset`.
        """
        stage = (
            dbt_resource_props["source_name"]
            if dbt_resource_props["resource_type"] == "source"
            else dbt_resource_props["config"].get("schema") or dbt_resource_props["schema"]
        )
        name = (dbt_resource_props.get("meta") or {}).get("asset", dbt_resource_props["name"])
        return dg.AssetKey([stage, name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Events and marts share a database, but not a place in the way of the data."""
        group = dbt_resource_props.get("config", {}).get("group")
        return GROUPS.get(group) or self.get_asset_key(dbt_resource_props).path[0]


# By dbt's. Intermediate models read marts and are read by marts: one group, or the graph of groups
# goes in circles.
GROUPS = {"events": "events", "intermediate": "marts", "marts": "marts"}
# Materialisations that leave a table.
TABLES = {"rewrite", "table", "seed"}
# By a model's grain: which of its rows a run writes anew.
PLANNED = {
    "session": "(project_id, session_id) IN"
    " (SELECT project_id, session_id FROM ops.planned_sessions)",
    "day": "(project_id, {day}) IN (SELECT project_id, day FROM ops.planned_days)",
}
TRANSLATOR = StageKeys(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))


def _models(project: Project, name: str, select: str) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=project.manifest(),
        name=name,
        select=select,
        dagster_dbt_translator=TRANSLATOR,
        pool=POOL,
    )
    def models(context: dg.AssetExecutionContext, run: RunResource) -> Iterator[Event]:
        keys = context.selected_asset_keys
        tables = _selected(project, keys)
        wanted = [*tables, *_tests_alone(project, context)]
        with run.step(keys) as plan:
            nothing = not plan.plan_id or (plan.sessions == 0 and _exist(run, project, tables))
            events = (
                unchanged(project, wanted, TRANSLATOR)
                if nothing
                else build(project, wanted, TRANSLATOR, plan.plan_id, run.statement_id)
            )
            measured = run.measured()
            for event in events:
                if isinstance(event, dg.MaterializeResult):
                    rows = {} if nothing else _rows(run, project, event)
                    yield event._replace(metadata={**(event.metadata or {}), **measured, **rows})
                elif _is_wanted(context, event):
                    yield event

    return models


def _is_wanted(context: dg.AssetExecutionContext, check: dg.AssetCheckResult) -> bool:
    """Dagster warns of results that nobody asked for; a test that fails is told by the error."""
    if check.asset_key is None or check.check_name is None:
        return False
    key = dg.AssetCheckKey(check.asset_key, check.check_name)
    return key in context.selected_asset_check_keys


def _rows(
    run: RunResource, project: Project, event: dg.MaterializeResult[None]
) -> Mapping[str, int]:
    """Rows of a ClickHouse table, and how many of them are the plan's, which this run wrote.

    Counted, because the adapter does not say how many it wrote. Seeds are written when they change.
    """
    stage, name = event.asset_key.path if event.asset_key else ("", "")
    node = _tables(project).get(name) if project.target == "clickhouse" else None
    if node is None:
        return {}
    config = node["config"]
    written = PLANNED.get(config.get("grain", ""), "false").format(day=config.get("day") or "day")
    rows = run.clickhouse().query(
        f"SELECT (SELECT count() FROM {stage}.{name}),"
        f" (SELECT count() FROM {stage}.{name} WHERE {written})"
    )
    return dict(zip(("dagster/row_count", "rows_written"), rows.result_rows[0], strict=True))


def _tables(project: Project) -> Mapping[str, Mapping[str, Any]]:
    """Nodes that leave a table, by name."""
    nodes = project.manifest()["nodes"].values()
    return {node["name"]: node for node in nodes if node["config"]["materialized"] in TABLES}


def _selected(project: Project, keys: set[dg.AssetKey]) -> list[str]:
    """unique_ids of the models and seeds behind these keys."""
    nodes = project.manifest()["nodes"]
    return [
        unique_id
        for unique_id, node in nodes.items()
        if node["resource_type"] in {"model", "seed"} and TRANSLATOR.get_asset_key(node) in keys
    ]


def _tests_alone(project: Project, context: dg.AssetExecutionContext) -> list[str]:
    """unique_ids of the tests that are to be executed without their table."""
    built = context.selected_asset_keys
    wanted = {key for key in context.selected_asset_check_keys if key.asset_key not in built}
    if not wanted:
        return []
    manifest = project.manifest()
    tests = (node for node in manifest["nodes"] if node.startswith("test."))
    return [test for test in tests if check_key(test, manifest, TRANSLATOR) in wanted]


def _exist(run: RunResource, project: Project, unique_ids: list[str]) -> bool:
    """Whether every table of these is there (none is, before the first run)."""
    if project.target == "postgres":
        return True
    nodes = project.manifest()["nodes"]
    tables = run.clickhouse().query("SELECT database, name FROM system.tables").result_rows
    wanted = {(nodes[unique_id]["schema"], nodes[unique_id]["name"]) for unique_id in unique_ids}
    return wanted <= {(str(database), str(name)) for database, name in tables}


def assets() -> list[dg.AssetsDefinition]:
    """Events, marts and the stage, each an asset definition of one dbt call."""
    return [
        _models(CLICKHOUSE, "dbt_events", "group:events"),
        _models(CLICKHOUSE, "dbt_marts", "group:intermediate group:marts"),
        _models(POSTGRES, "dbt_stage", "group:publish"),
    ]
