"""The way of the data is one-way: a stage reads only stages before it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.definitions import defs
from orchestration.transform.project import CLICKHOUSE, POSTGRES

ROOT = Path(__file__).resolve().parents[3]

# Stage of an asset key -> its place. An asset depends on its own or earlier places only.
PLACES = {
    "mongodb": 0,
    "raw": 0,
    "ops": 1,
    "gosight": 2,
    "intermediate": 2,
    "signals": 2,
    "landing": 3,
    "stage": 4,
    "hxi": 5,
    "documents": 6,
    "traceflow": 5,
}

FORBIDDEN_IMPORTS = [
    ("ingest/**/*.py", ("dagster", "dagster_dbt", "orchestration", "stack", "hxi", "dbt")),
    ("orchestration/**/*.py", ("stack", "hxi")),
    ("simulate/**/*.py", ("stack", "ingest", "orchestration")),
    ("hxi/admin/**/*.py", ("stack", "simulate", "orchestration")),
    ("orchestration/**/transform.py", ("dagster", "clickhouse_connect", "psycopg", "pymongo")),
    ("stack/**/*.py", ("dagster", "dagster_dbt")),
]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize(("pattern", "forbidden"), FORBIDDEN_IMPORTS)
def test_a_part_imports_only_what_it_may(pattern: str, forbidden: tuple[str, ...]) -> None:
    files = list(ROOT.glob(pattern))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files
        for module in imports(path)
        if module.split(".")[0] in forbidden
    ]
    assert wrong == []


def test_only_the_models_of_the_events_stage_read_raw() -> None:
    for project in (CLICKHOUSE, POSTGRES):
        manifest = project.manifest()
        readers = {
            node["name"]
            for node in manifest["nodes"].values()
            for parent in node.get("depends_on", {}).get("nodes", [])
            if node["resource_type"] == "model" and ".raw." in parent
        }
        assert readers <= {"int_cleaned_events", "int_replay_payloads", "int_outside_predictions"}


def test_assets_depend_on_their_own_or_earlier_stages_only() -> None:
    graph = defs.resolve_asset_graph()
    wrong = [
        f"{key.to_user_string()} reads {parent.to_user_string()}"
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
        if PLACES[parent.path[0]] > PLACES[key.path[0]]
        # The plan's days are the days of the rewritten events; `done` closes everything.
        and key.to_user_string() not in {"ops/planned_days", "ops/done"}
    ]
    assert wrong == []


def test_every_asset_is_in_the_group_of_its_stage() -> None:
    graph = defs.resolve_asset_graph()
    groups = {key.to_user_string(): graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert groups.pop("gosight/events") == "events"
    assert groups.pop("ops/done") == "done"
    expiry = {"sealed_sessions", "expired_replays", "closed_days", "expired_marts"}
    assert {groups.pop(f"ops/{table}") for table in expiry} == {"expire"}
    models = {"gosight": {"marts"}, "intermediate": {"events", "intermediate"}}
    wrong = {
        name: group
        for name, group in groups.items()
        if group not in models.get(name.split("/")[0], {name.split("/")[0]})
    }
    assert wrong == {}
