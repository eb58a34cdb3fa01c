"""A publish in a process of its own; arguments: PostgreSQL, ClickHouse, the marts, the plan."""

import sys

from hxi.admin import clients
from orchestration.publish.copy import copy_plan
from orchestration.publish.landing import Source
from orchestration.publish.merge import merge_plan


def main(dsn: str, url: str, marts: str, plan_id: int) -> None:
    """Copy and merge what the marts' plan names."""
    with clients.clickhouse(url) as client, clients.postgres(dsn) as connection:
        copy_plan(client, connection, plan_id, Source(marts, f"{marts}.planned_sessions"))
        merge_plan(connection, plan_id)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
