"""dbt models as assets, in the groups a run builds one after the other.

Events come before signals and marts after them, so they are asset definitions of their own; the
stage of PostgreSQL is the other engine's.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

import dagster as dg
from clickhouse_connect.driver.summary import QuerySummary

from orchestration.lease.resource import POOL, RunResource
from orchestration.transform import compiled
from orchestration.transform.project import CLICKHOUSE, POSTGRES, Project
from orchestration.transform.reporting import DbtRunError, Event, unchanged
from orchestration.transform.sending import Build, Engine, live, send
from orchestration.transform.specs import asset_key, asset_specs, check_key, check_specs

# Materialisations that leave a table.
TABLES = {"rewrite", "table", "seed"}
# By a model's grain: which of its rows a run writes anew.
PLANNED = {
    "session": "(project_id, session_id) IN"
    " (SELECT project_id, session_id FROM ops.planned_sessions)",
    "day": "(project_id, {day}) IN (SELECT project_id, day FROM ops.planned_days)",
}


def _models(project: Project, name: str, *dbt_groups: str) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=name,
        specs=list(asset_specs(project.manifest(), dbt_groups)),
        check_specs=list(check_specs(project.manifest(), dbt_groups)),
        can_subset=True,
        pool=POOL,
    )
    def models(context: dg.AssetExecutionContext, run: RunResource) -> Iterator[Event]:
        keys = context.selected_asset_keys
        tables = _selected(project, keys)
        wanted = [*tables, *_tests_alone(project, context)]
        with run.step(keys) as plan:
            if not plan.plan_id or (plan.sessions == 0 and _exist(run, project, tables)):
                events, error = list(unchanged(project.manifest(), wanted)), None
                rows: Rows = {}
            else:
                build = Build(project, wanted, plan.plan_id, plan.sessions)
                events, error = _all(_built(run, build))
                rows = _rows(run, project, events)
            yield from _measured(filter(partial(_is_wanted, context), events), run, rows)
            if error:
                raise error

    return models


def _is_wanted(context: dg.AssetExecutionContext, event: Event) -> bool:
    """Dagster warns of results that nobody asked for; a test that fails is told by the error."""
    if isinstance(event, dg.MaterializeResult):
        return True
    if event.asset_key is None or event.check_name is None:
        return False
    key = dg.AssetCheckKey(event.asset_key, event.check_name)
    return key in context.selected_asset_check_keys


def _built(run: RunResource, build: Build) -> Iterator[Event]:
    """By what dbt compiled before where that holds still, else by dbt."""
    with _engine(run, build.project) as engine:
        known = compiled.kept(build.project, build.unique_ids) if compiled.is_wanted() else None
        if known and live(build, engine) == known.live:
            yield from send(build, known, engine)
            return
    # dbt is loaded where it is needed.
    from orchestration.transform.run_dbt import build as dbt_build

    made_from = compiled.made_from(build.project)

    def keep(sent: Mapping[str, list[str]], tests: Mapping[str, compiled.DataTest]) -> None:
        with _engine(run, build.project) as engine:
            stand = live(build, engine)
        inserts = {
            name: text
            for name, texts in sent.items()
            for text in texts
            if text.startswith("insert into") and name.startswith("model.")
        }
        if inserts.keys() == _rewritten(build):
            found = compiled.Compiled(made_from, stand, inserts, tests)
            compiled.keep(build.project, build.unique_ids, found)

    yield from dbt_build(build, run.statement_id, keep)


def _rewritten(build: Build) -> set[str]:
    nodes = build.project.manifest()["nodes"]
    return {
        unique_id
        for unique_id in build.unique_ids
        if nodes[unique_id]["config"]["materialized"] == "rewrite"
    }


@contextmanager
def _engine(run: RunResource, project: Project) -> Iterator[Engine]:
    """Under the run's lease."""
    if project.target == "clickhouse":
        client = run.clickhouse()
        yield Engine(
            lambda query: client.query(query).result_rows,
            lambda statement: _rows_of(client.command(statement)),
        )
        return
    with run.postgres() as connection:
        yield Engine(
            lambda query: connection.execute(query.encode()).fetchall(),
            lambda statement: connection.execute(statement.encode()).rowcount,
        )


def _rows_of(answer: object) -> int:
    """What ClickHouse says that a statement wrote."""
    return answer.written_rows if isinstance(answer, QuerySummary) else 0


def _all(events: Iterator[Event]) -> tuple[list[Event], DbtRunError | None]:
    """What was told, and why not all went well."""
    told: list[Event] = []
    try:
        told.extend(events)
    except DbtRunError as error:
        return told, error
    return told, None


Rows: TypeAlias = Mapping[dg.AssetKey, Mapping[str, int]]


def _measured(events: Iterable[Event], run: RunResource, rows: Rows) -> Iterator[Event]:
    measured = run.measured()
    for event in events:
        if isinstance(event, dg.MaterializeResult) and event.asset_key:
            own = rows.get(event.asset_key, {})
            yield event._replace(metadata={**(event.metadata or {}), **measured, **own})
        else:
            yield event


def _rows(run: RunResource, project: Project, events: Iterable[Event]) -> Rows:
    """Rows of ClickHouse's tables, and how many of them are the plan's, which this run wrote.

    Counted where somebody looks at them, and where dbt wrote them, whose adapter does not say how
    many. Seeds are written when they change.
    """
    tables = _tables(project) if project.target == "clickhouse" else {}
    queries = [
        _count(event.asset_key, tables[event.asset_key.path[-1]]["config"])
        for event in events
        if isinstance(event, dg.MaterializeResult)
        and event.asset_key
        and event.asset_key.path[-1] in tables
        and (run.is_looked_at or "rows_written" not in (event.metadata or {}))
    ]
    if not queries:
        return {}
    return {
        dg.AssetKey([stage, name]): {"dagster/row_count": all_of_it, "rows_written": written}
        for stage, name, all_of_it, written in run.clickhouse()
        .query(" UNION ALL ".join(queries))
        .result_rows
    }


def _count(key: dg.AssetKey, config: Mapping[str, Any]) -> str:
    stage, name = key.path
    written = PLANNED.get(config.get("grain", ""), "false").format(day=config.get("day") or "day")
    return (
        f"SELECT '{stage}', '{name}', (SELECT count() FROM {stage}.{name}),"
        f" (SELECT count() FROM {stage}.{name} WHERE {written})"
    )


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
        if node["resource_type"] in {"model", "seed"} and asset_key(node) in keys
    ]


def _tests_alone(project: Project, context: dg.AssetExecutionContext) -> list[str]:
    """unique_ids of the tests that are to be executed without their table."""
    built = context.selected_asset_keys
    wanted = {key for key in context.selected_asset_check_keys if key.asset_key not in built}
    if not wanted:
        return []
    manifest = project.manifest()
    tests = (node for node in manifest["nodes"] if node.startswith("test."))
    return [test for test in tests if check_key(test, manifest) in wanted]


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
        _models(CLICKHOUSE, "dbt_events", "events"),
        _models(CLICKHOUSE, "dbt_marts", "intermediate", "marts"),
        _models(POSTGRES, "dbt_stage", "publish"),
    ]
