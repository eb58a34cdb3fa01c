"""Run as a process: an embedded ClickHouse with a ZooKeeper, given statements, tells their codes.

Arguments: folder, ZooKeeper's port. Stdin: a JSON list of statements. Stdout: a JSON list of the
error codes and texts, null for success. Replicated tables are made in ZooKeeper and stay
read-only: nothing listens for other replicas here.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import chdb

# As `make cluster-test` gives it to each server, with the paths that a database that replicates
# gives its tables.
SHIPPED = Path(__file__).parents[1] / "cluster" / "cluster.xml"
PATHS = """<default_replica_path>/clickhouse/{name}/{{uuid}}/{{shard}}</default_replica_path>
  <default_replica_name>{{replica}}</default_replica_name>
</clickhouse>"""


def main() -> None:
    """Ends without the engine's own shutdown, which crashes while tables are read-only."""
    folder, port = Path(sys.argv[1]), sys.argv[2]
    folder.mkdir()
    config = folder / "config.xml"
    keeper = f"<host>127.0.0.1</host><port>{port}</port>"
    shipped = SHIPPED.read_text().replace("<host>keeper</host><port>9181</port>", keeper)
    config.write_text(shipped.replace("</clickhouse>", PATHS.format(name=folder.name)))
    os.environ["REPLICA"] = "one"
    connection: Any = chdb.connect(  # type: ignore[no-untyped-call] # chdb has no types
        f"{folder / 'engine'}?config-file={config}"
    )
    connection.query("SET allow_nondeterministic_mutations = 1, session_timezone = 'UTC'")
    told = [_told(connection, statement) for statement in json.load(sys.stdin)]
    sys.stdout.write(json.dumps(told))
    sys.stdout.flush()
    os._exit(0)


def _told(connection: Any, statement: str) -> tuple[int, str] | None:
    try:
        connection.query(statement)
    except RuntimeError as error:
        found = re.search(r"Code: (\d+)\. (.*)", str(error), re.DOTALL)
        return (int(found[1]), found[2][:300]) if found else (0, str(error)[:300])
    return None


if __name__ == "__main__":
    main()
