"""What dbt compiled, kept so that later runs send it again without loading dbt.

Plan, days and settings are views, so compiled SQL does not depend on the run. It is kept when a
`dbt build` of the same nodes ended well, and holds while the project's files, dbt and the
databases' tables and views are as that build left them (decision 13).
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.transform.project import CLICKHOUSE, INPUTS, Project, neutral_addresses

VARIABLE = "HXI_TRANSFORM_BY"
DBT, COMPILED = "dbt", "compiled"
PACKAGES = {
    "clickhouse": ("dbt-core", "dbt-adapters", "dbt-clickhouse"),
    "postgres": ("dbt-core", "dbt-adapters", "dbt-postgres"),
}


@dataclass(frozen=True)
class DataTest:
    """One of dbt's: a query of failing rows, and what dbt makes of their number."""

    sql: str
    severity: str
    fail_calc: str
    warn_if: str
    error_if: str


@dataclass(frozen=True)
class Compiled:
    """Of one `dbt build`, by unique_id: inserts of the tables it rewrites, and tests.

    `live` is a digest of the tables and views as it left them.
    """

    made_from: str
    live: str
    inserts: Mapping[str, str]
    tests: Mapping[str, DataTest]


def is_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Unless `HXI_TRANSFORM_BY=dbt`."""
    return environment.get(VARIABLE, "") != DBT


def kept(project: Project, unique_ids: Iterable[str]) -> Compiled | None:
    """Of a build of exactly these nodes; None when there is none or the project is another now."""
    try:
        found = json.loads(_file(project, unique_ids).read_text())
    except (FileNotFoundError, ValueError):
        return None
    if found["made_from"] != made_from(project):
        return None
    tests = {name: DataTest(**test) for name, test in found.pop("tests").items()}
    return Compiled(**found, tests=tests)


def any_kept() -> bool:
    """Whether any build of ClickHouse's tables is kept here, of this project or one before it."""
    return any(CLICKHOUSE.artifacts.glob("compiled-*.json"))


def keep(project: Project, unique_ids: Iterable[str], compiled: Compiled) -> None:
    """For `kept`, by whichever process asks."""
    path = _file(project, unique_ids)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(compiled)))
    draft.replace(path)


def made_from(project: Project) -> str:
    """A digest of all that the compiled SQL of this target is made from."""
    return _made_from(project, project.changed_at(), json.dumps(neutral_addresses()))


@lru_cache(maxsize=4)
def _made_from(project: Project, changed_at: float, addresses: str) -> str:  # noqa: ARG001 - part of the cache's key
    digest = hashlib.sha256(addresses.encode())
    digest.update(os.environ.get("HXI_CLICKHOUSE_PLACEMENT", "").encode())
    for name in PACKAGES[project.target]:
        digest.update(f"{name} {version(name)}".encode())
    files = {path for pattern in INPUTS for path in project.root.glob(pattern) if path.is_file()}
    for path in sorted(files):
        digest.update(path.relative_to(project.root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def of_plan(node: Mapping[str, Any], plan_id: int) -> str:
    """As the macro `is_in_plan`: which rows of a table that rewrites the plan names."""
    config = node["config"]
    if config["grain"] == "day":
        day = config.get("day") or "day"
        keys, planned = f"(project_id, {day})", "select project_id, day from ops.plan_days"
    else:
        keys = "(project_id, session_id)"
        planned = "select project_id, session_id from ops.plan_sessions"
    return f"{keys} in ({planned} where plan_id = {plan_id})"


def delete(node: Mapping[str, Any], plan_id: int) -> str:
    """As the materialisation `rewrite` sends it, where the table has rows of the plan."""
    return f"delete from {relation(node)} where {of_plan(node, plan_id)}"


def relation(node: Mapping[str, Any]) -> str:
    """The table as dbt-clickhouse writes it."""
    return f"`{node['schema']}`.`{node['alias']}`"


def tests_in_one(tests: Mapping[str, DataTest]) -> str:
    """One statement of (name, failures, is to warn, is to fail), a row a test."""
    return "\nunion all\n".join(
        f"select '{name}' as test, {test.fail_calc} as failures,"
        f" {test.fail_calc} {test.warn_if} as should_warn,"
        f" {test.fail_calc} {test.error_if} as should_error\n"
        f"from (\n{test.sql}\n) dbt_internal_test"
        for name, test in tests.items()
    )


def has_failed(test: DataTest, *, should_error: bool) -> bool:
    """As dbt judges; what only warns has passed."""
    return test.severity.upper() == "ERROR" and should_error


def message(test: DataTest, failures: int) -> str:
    """In dbt's words."""
    return f"Got {failures} result{'s' * (failures != 1)}, configured to fail if {test.error_if}"


def live_query(project: Project, nodes: Sequence[Mapping[str, Any]]) -> str:
    """A statement of one text that is another when a table or view of these is."""
    return _of_clickhouse(nodes) if project.target == "clickhouse" else _of_postgres(nodes)


def _names(nodes: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"('{node['schema']}', '{node['alias']}')" for node in nodes)


def _of_clickhouse(nodes: Sequence[Mapping[str, Any]]) -> str:
    """Rows count of seeds alone."""
    seeds = [node for node in nodes if node["resource_type"] == "seed"]
    rows = f"if((database, name) in ({_names(seeds)}), total_rows, 0)" if seeds else "0"
    return f"""
        select toString(groupBitXor(sipHash64(
            tables.database, tables.name, engine, tables.comment, columns.name, type,
            columns.comment, position, ifNull(rows, 0))))
        from (select database, name, engine, comment, {rows} as rows from system.tables
              where (database, name) in ({_names(nodes)})) as tables
        inner join (select * from system.columns where (database, table) in ({_names(nodes)}))
            as columns on columns.database = tables.database and columns.table = tables.name"""


def _of_postgres(nodes: Sequence[Mapping[str, Any]]) -> str:
    return f"""
        select md5(coalesce(string_agg(columns::text || coalesce(definition, ''), ''
            order by table_schema, table_name, ordinal_position), ''))
        from information_schema.columns
        left join pg_views on schemaname = table_schema and viewname = table_name
        where (table_schema, table_name) in ({_names(nodes)})"""


def _file(project: Project, unique_ids: Iterable[str]) -> Path:
    names = hashlib.sha256("\n".join(sorted(unique_ids)).encode()).hexdigest()[:16]
    return project.artifacts / f"compiled-{names}.json"
