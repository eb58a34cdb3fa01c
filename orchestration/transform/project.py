"""The dbt project as seen from one target: where it is, and its manifest."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from orchestration.stores.settings import CHECKOUT
from orchestration.transform.loading import loading

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# What a parse leaves for the next one, and for whoever reads the manifest.
PARSED = ("partial_parse.msgpack", "manifest.json")
INPUTS = ("dbt_project.yml", "dbt_project/**/*")

DATABASE = "hxi_dashboard"


class DbtParseError(Exception):
    """The dbt project does not parse; the message is dbt's."""


@dataclass(frozen=True)
class Project:
    """One target of the dbt project, with artifacts of its own."""

    target: str  # 'clickhouse' | 'postgres'
    root: Path = CHECKOUT

    @property
    def artifacts(self) -> Path:
        """Where the manifest of this target lies, written whole (below DBT_TARGET_PATH)."""
        return Path(os.environ.get("DBT_TARGET_PATH", "") or self.root / "target") / self.target

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for what one dbt call writes, so that calls side by side read none of it."""
        self.artifacts.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="call-", dir=self.artifacts) as folder:
            yield Path(folder)

    def arguments(self, target_path: Path) -> list[str]:
        """What every dbt call of this target is given; it writes to `target_path`."""
        return [
            "--project-dir", str(self.root),
            "--profiles-dir", str(self.root / "dbt_project"),
            "--target", self.target,
            "--target-path", str(target_path),
            "--log-path", str(target_path / "logs"),
            "--log-level-file", "none",
            "--no-use-colors",
            "--log-level", "none",  # what failed is in the result, which the run tells
        ]  # fmt: skip

    def manifest(self) -> Mapping[str, Any]:
        """The manifest as JSON, parsed again when a file of the project is newer than it."""
        path = self.artifacts / "manifest.json"
        if not path.exists() or path.stat().st_mtime < self.changed_at():
            self.parsed()
        return _read(path, path.stat().st_mtime_ns)

    def models(self) -> dict[str, Mapping[str, Any]]:
        """The manifest's models by name: descriptions, columns."""
        return {
            node["name"]: node
            for node in self.manifest()["nodes"].values()
            if node["resource_type"] == "model"
        }

    def kept_tables(self) -> set[tuple[str, str]]:
        """Schema and name of the tables that runs rewrite in parts; the others are made anew."""
        return {
            (node["schema"], node["name"])
            for node in self.manifest()["nodes"].values()
            if node["config"].get("materialized") == "rewrite"
        }

    def parsed(self) -> "Manifest":
        """The manifest as dbt's own object, to be run without parsing again."""
        manifest = _parse(self, self.artifacts, self.changed_at())
        _forget_compiled(manifest)
        return manifest

    def changed_at(self) -> float:
        """When the newest file of the project was written."""
        files = (file for pattern in INPUTS for file in self.root.glob(pattern) if file.is_file())
        return max(file.stat().st_mtime for file in files)


@lru_cache(maxsize=4)
def _parse(project: Project, artifacts: Path, changed_at: float) -> "Manifest":  # noqa: ARG001 - part of the cache's key
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    with project.scratch() as scratch:
        if (before := artifacts / PARSED[0]).exists():
            shutil.copy(before, scratch)
        with _environment(neutral_addresses()), loading():
            result = dbtRunner().invoke(["parse", *project.arguments(scratch)])
        if not isinstance(result.result, Manifest):
            raise DbtParseError(f"dbt cannot parse {project.root}: {result.exception}")
        for name in PARSED:
            (scratch / name).replace(artifacts / name)
    return result.result


def _forget_compiled(manifest: "Manifest") -> None:
    """As parsed: dbt puts ephemeral models into what reads them once for each object, so that a
    model that is compiled a second time would lack them."""
    nodes: Any = manifest.nodes.values()
    for node in nodes:
        if getattr(node, "extra_ctes_injected", False):
            node.compiled, node.compiled_code = False, None
            node.extra_ctes, node.extra_ctes_injected = [], False
            node._pre_injected_sql = None  # noqa: SLF001 - dbt has no public way


def neutral_addresses() -> Mapping[str, str]:
    """Addresses to parse with: it connects to nothing, and dbt re-uses a parse with equal ones.

    The database's name stays, because dbt writes it into every relation.
    """
    database = urlsplit(os.environ.get("HXI_POSTGRES_DSN", "")).path.strip("/") or DATABASE
    return {
        "HXI_CLICKHOUSE_URL": "http://nobody:nothing@127.0.0.1:1",
        "HXI_POSTGRES_DSN": f"postgresql://nobody:nothing@127.0.0.1:1/{database}",
    }


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@lru_cache(maxsize=4)
def _read(path: Path, modified_ns: int) -> Mapping[str, Any]:  # noqa: ARG001 - part of the cache's key
    manifest: Mapping[str, Any] = orjson.loads(path.read_bytes())
    return manifest


CLICKHOUSE = Project("clickhouse")
POSTGRES = Project("postgres")
