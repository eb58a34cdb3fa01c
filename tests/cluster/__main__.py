"""Builds the sample on two servers that replicate, and compares them table by table.

The warehouse writes through the balancer. Then the second server is stopped in the middle, started
again, and everything is built anew: what it missed is replayed there.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from clickhouse_connect.driver.client import Client

from hxi.admin import clients
from hxi.admin.placement import DATABASES
from ingest.sinks.placement import VARIABLE

COMPOSE = ["docker", "compose", "-f", str(Path(__file__).with_name("docker-compose.yml"))]
BALANCER, ONE, TWO = (f"http://hxi:hxi@127.0.0.1:{port}" for port in (18123, 18124, 18125))
TABLES = """
SELECT concat(database, '.', name) FROM system.tables
WHERE database IN {databases:Array(String)} AND engine LIKE 'Replicated%' ORDER BY 1
"""


def main() -> None:
    """Exit code 1, with the tables' names, when the servers differ."""
    with tempfile.TemporaryDirectory() as folder:
        _run(folder, "--sample")
        _compare("after the first run")
        subprocess.run([*COMPOSE, "stop", "clickhouse-2"], check=True)
        away = _run(folder, "--full-refresh", check=False)
        print(f"with a replica away the run ended with exit code {away}")
        subprocess.run([*COMPOSE, "up", "--wait", "clickhouse-2"], check=True)
        _run(folder, "--full-refresh")
        _compare("after a full refresh that a replica missed the beginning of")


def _run(folder: str, *arguments: str, check: bool = True) -> int:
    environment = {**os.environ, "HXI_CLICKHOUSE_URL": BALANCER, VARIABLE: "replicated"}
    command = [sys.executable, "-m", "hxi", "run", "--start", "--data-dir", folder, *arguments]
    return subprocess.run(command, env=environment, check=check).returncode


def _compare(when: str) -> None:
    with clients.clickhouse(ONE) as one, clients.clickhouse(TWO) as two:
        found = one.query(TABLES, parameters={"databases": list(DATABASES)}).result_rows
        tables = [str(name) for (name,) in found]
        differing = [name for name in tables if _digest(one, name) != _digest(two, name)]
    if not tables or differing:
        sys.exit(f"{when}: {', '.join(differing) or 'no table replicates'}")
    print(f"{when}: {len(tables)} tables are the same on both servers")


def _digest(client: Client, table: str) -> tuple[object, ...]:
    client.command(f"SYSTEM SYNC REPLICA {table}")
    return tuple(client.query(f"SELECT count(), sum(cityHash64(*)) FROM {table}").first_row or ())


if __name__ == "__main__":
    main()
