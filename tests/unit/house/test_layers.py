"""The way of the data is one-way: a stage reads only stages before it."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
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

# Which other top-level packages a package may import; `hxi/admin` is one of its own, below `hxi`.
PACKAGES = {
    "ingest": {"gosight"},
    "orchestration": {"gosight", "ingest"},
    "hxi.admin": {"ingest"},  # the documents' schema and Redis keys, to prepare and to show
    "simulate": {"gosight", "hxi.admin"},
    "stack": {"hxi.admin"},
    "bi": {"pages"},  # the contracts
    "pages": {"hxi.admin", "ingest"},  # what a recording's payload is made of
    "hxi": {"gosight", "hxi.admin", "ingest", "orchestration", "pages", "simulate", "stack"},
}
# The rooms of orchestration, lowest first: each may import those before it. A name without a folder
# is a file.
ROOMS = (
    *("launcher", "stores", "plan", "lease", "raw", "transform", "signals", "publish", "documents"),
    *(
        "project_settings",
        "retention",
        "erasure",
        "rebuild",
        "preview",
        "checks",
        "alerts",
        "reports",
        "ai",
        "automation",
    ),
    *("definitions", "run"),
)
# What a part may not import whatever room it is in.
FORBIDDEN_IMPORTS = [
    ("ingest/**/*.py", ("dagster", "dagster_dbt", "dbt")),
    ("orchestration/**/transform.py", ("dagster", "clickhouse_connect", "psycopg", "pymongo")),
    ("stack/**/*.py", ("dagster", "dagster_dbt")),
    ("pages/**/*.py", ("dagster", "dagster_dbt", "dbt", "pymongo")),
]


def imports(path: Path) -> Iterator[str]:
    """Modules a file imports; of `from package import name`, the name with its package too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package_of(module: str) -> str:
    """`hxi.admin` counts as a package."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[:2] == ["hxi", "admin"] else parts[0]


def room_of(module: str) -> str:
    """The room of a module of orchestration; '' for others and for the package itself."""
    package, _, rest = module.partition(".")
    return rest.split(".")[0] if package == "orchestration" else ""


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """Name and file of each module of a top-level package."""
    for path in sorted((ROOT / package).rglob("*.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def test_a_package_imports_only_those_it_may() -> None:
    ours = {*PACKAGES, "gosight"}
    wrong = {
        f"{module} imports {found}"
        for package in {name.split(".")[0] for name in PACKAGES}
        for module, path in modules(package)
        for found in map(package_of, imports(path))
        if found in ours and found not in {package_of(module), *PACKAGES[package_of(module)]}
    }
    assert wrong == set()


def test_a_room_of_orchestration_imports_only_rooms_below_it() -> None:
    wrong = {
        f"{module} imports {found}"
        for module, path in modules("orchestration")
        for found in imports(path)
        if room_of(module) in ROOMS
        and room_of(found) in ROOMS
        and ROOMS.index(room_of(found)) > ROOMS.index(room_of(module))
    }
    assert wrong == set()


def test_every_room_of_orchestration_has_its_place() -> None:
    rooms = {room_of(module) for module, _ in modules("orchestration")} - {"__init__"}
    assert rooms == set(ROOMS)


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
        assert readers <= {
            "int_landed_events",
            "int_clicks_completed",
            "int_replay_payloads",
            "int_outside_predictions",
        }


def test_assets_depend_on_their_own_or_earlier_stages_only() -> None:
    graph = defs.resolve_asset_graph()
    wrong = [
        f"{key.to_user_string()} reads {parent.to_user_string()}"
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
        if PLACES[parent.path[0]] > PLACES[key.path[0]]
        # The plan's days are the days of the rewritten events; `done` closes all tables, and
        # `erasures` ends when documents have followed them.
        and key.to_user_string() not in {"ops/planned_days", "ops/done", "ops/erasures"}
    ]
    assert wrong == []


def test_every_asset_is_in_the_group_of_its_stage() -> None:
    graph = defs.resolve_asset_graph()
    groups = {key.to_user_string(): graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert groups.pop("gosight/events") == "events"
    for name, group in (("planned_sessions", "plan"), ("planned_days", "days"), ("done", "done")):
        assert groups.pop(f"ops/{name}") == group
    assert groups.pop("ops/erasures") == "erase"
    expiry = {"sealed_sessions", "expired_replays", "closed_days", "expired_marts"}
    assert {groups.pop(f"ops/{table}") for table in expiry} == {"expire"}
    models = {"gosight": {"marts"}, "intermediate": {"events", "marts"}}
    wrong = {
        name: group
        for name, group in groups.items()
        if group not in models.get(name.split("/")[0], {name.split("/")[0]})
    }
    assert wrong == {}


def test_groups_of_assets_follow_one_another_as_a_page_reads() -> None:
    graph = defs.resolve_asset_graph()
    reads: dict[str, set[str]] = {}
    for key in graph.get_all_asset_keys():
        group = graph.get(key).group_name
        before = {graph.get(parent).group_name for parent in graph.get(key).parent_keys}
        reads.setdefault(group, set()).update(before - {group})
    order = [*TopologicalSorter(reads).static_order()]
    assert [one for one in order if one in ("hxi", "done", "documents", "erase")] == [
        *("hxi", "done", "documents", "erase")
    ]
