"""The dbt project as seen from one target: where it is, and its manifest."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

from orchestration.settings import CHECKOUT

INPUTS = ("dbt_project.yml", "dbt_project/**/*")


class DbtParseError(Exception):
    """The dbt project does not parse; the message is dbt's."""


@dataclass(frozen=True)
class Project:
    """One target of the dbt project, with artifacts of its own."""

    target: str  # 'clickhouse' | 'postgres'
    root: Path = CHECKOUT

    @property
    def artifacts(self) -> Path:
        """Where dbt writes the manifest and compiled SQL of this target."""
        return self.root / "target" / self.target

    def arguments(self) -> list[str]:
        """What every dbt call of this target is given."""
        return [
            "--project-dir", str(self.root),
            "--profiles-dir", str(self.root / "dbt_project"),
            "--target", self.target,
            "--target-path", str(self.artifacts),
            "--log-path", str(self.root / "logs" / "dbt"),
            "--log-level-file", "none",
            "--no-use-colors",
            "--quiet",
        ]  # fmt: skip

    def manifest(self) -> Mapping[str, Any]:
        """The manifest, parsed again when a file of the project is newer than it."""
        path = self.artifacts / "manifest.json"
        if not path.exists() or path.stat().st_mtime < self._changed_at():
            result = dbtRunner().invoke(["parse", *self.arguments()])
            if not result.success:
                raise DbtParseError(f"dbt cannot parse {self.root}: {result.exception}")
        return _read(path, path.stat().st_mtime_ns)

    def _changed_at(self) -> float:
        files = (file for pattern in INPUTS for file in self.root.glob(pattern) if file.is_file())
        return max(file.stat().st_mtime for file in files)


@lru_cache(maxsize=4)
def _read(path: Path, modified_ns: int) -> Mapping[str, Any]:  # noqa: ARG001 - part of the cache's key
    manifest: Mapping[str, Any] = json.loads(path.read_text())
    return manifest


CLICKHOUSE = Project("clickhouse")
POSTGRES = Project("postgres")
