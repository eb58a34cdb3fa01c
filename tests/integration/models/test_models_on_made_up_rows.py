"""dbt's unit tests: each branch of a model on rows made up for it, on a developer's own target."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client

from stack.endpoints import Endpoints

ROOT = Path(__file__).resolve().parents[3]


class Developer:
    """Runs dbt in a shell, as the README says, into databases of its own."""

    def __init__(self, endpoints: Endpoints, folder: Path) -> None:
        self.name = f"t{uuid4().hex[:8]}"
        self._environment = {
            **os.environ,
            **endpoints.environment(),
            "HXI_DEV_NAME": self.name,
            "DBT_PROFILES_DIR": str(ROOT / "dbt_project"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def dbt(self, *arguments: str) -> str:
        """What dbt says; fails the test if dbt fails."""
        dbt = Path(sys.executable).parent / "dbt"
        done = subprocess.run(
            [dbt, "--no-use-colors", *arguments, "--target", "dev"],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.mark.timeout(900)
def test_every_unit_test_of_the_models_passes(
    endpoints: Endpoints, clickhouse: Client, tmp_path: Path
) -> None:
    developer = Developer(endpoints, tmp_path)
    try:
        # dbt takes the columns of what a model reads from the tables themselves.
        developer.dbt("build", "--exclude-resource-type", "unit_test", "test")
        said = developer.dbt("test", "--select", "test_type:unit")
    finally:
        for (name,) in clickhouse.query(
            "SELECT name FROM system.databases WHERE startsWith(name, {start:String})",
            parameters={"start": f"dev_{developer.name}"},
        ).result_rows:
            clickhouse.command(f"DROP DATABASE {name}")
    assert "a_click_is_charged_once_to_the_gravest_signal" in said
