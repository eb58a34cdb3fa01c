"""One publish of the sessions a table names, in a process of its own, so that its memory shows.

`python -m tests.benchmarks.publish_once FENCE TABLE` prints what the copy and the merge took.
"""

import json
import sys
from contextlib import closing

from orchestration.lease.publisher import publisher_connection
from orchestration.publish.copy import copy_plan
from orchestration.publish.landing import Source
from orchestration.publish.merge import merge_plan
from orchestration.stores.clients import clickhouse_client
from orchestration.stores.settings import Settings
from tests.benchmarks.report import timed


def main(fence: int, planned_sessions: str) -> None:
    """Needs the HXI_ variables; `fence` must be the newest."""
    settings = Settings.from_environment()
    source = Source(plan=planned_sessions)
    with (
        closing(clickhouse_client(settings.clickhouse_url)) as client,
        publisher_connection(settings.postgres_dsn) as connection,
    ):
        copied = timed(lambda: copy_plan(client, connection, fence, source))
        merged = timed(lambda: merge_plan(connection, fence))
    written = sum(one.inserted + one.updated + one.deleted for one in merged.result.values())
    print(json.dumps({"copy": copied.seconds, "merge": merged.seconds, "written": written}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
