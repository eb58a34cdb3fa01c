"""A developer who runs dbt in a shell, as the README says, into databases of their own."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from clickhouse_connect.driver.client import Client

from hxi.admin.endpoints import Endpoints

ROOT = Path(__file__).resolve().parents[3]


class Developer:
    """`name` begins the names of their databases."""

    def __init__(self, endpoints: Endpoints, folder: Path) -> None:
        self.name = f"t{uuid4().hex[:8]}"
        self.target = folder / "target"
        self._environment = {
            **os.environ,
            **endpoints.environment(),
            "HXI_DEV_NAME": self.name,
            "DBT_PROFILES_DIR": str(ROOT / "dbt_project"),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def dbt(self, *arguments: str) -> str:
        """What dbt says; fails the test if dbt fails."""
        done = self.tried(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tried(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """What dbt says, well or not."""
        dbt = Path(sys.executable).parent / "dbt"
        return subprocess.run(
            [dbt, "--no-use-colors", *arguments, "--target", "dev"],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def database(self, stage: str) -> str:
        """Where the models of a stage are."""
        return f"dev_{self.name}_{stage}"

    def forget(self, clickhouse: Client) -> None:
        """Drop their databases."""
        for (name,) in clickhouse.query(
            "SELECT name FROM system.databases WHERE startsWith(name, {start:String})",
            parameters={"start": f"dev_{self.name}"},
        ).result_rows:
            clickhouse.command(f"DROP DATABASE {name}")
