"""What a run deleted lies in the tables' parts until they are merged, and is read past by all.

After a build of everything that is half of what is there, for days: parts that large are merged
seldom. So a large plan has its dead rows taken out, beside whatever comes next.
"""

from clickhouse_connect.driver.client import Client

from orchestration.erasure.clickhouse import masked
from orchestration.plan.plan import Plan
from orchestration.stores.clients import integer

# Of fewer, merges take care soon enough.
LARGE = 5_000
# A plan of one session in so many: taking out reads the dead, and writes what lives beside them.
MUCH = 2


def take_out(client: Client, plan: Plan) -> list[str]:
    """Of all tables, where the plan was large; returns theirs. Does not wait for it.

    The next run does (orchestration/lease/statements.py).
    """
    if not is_large(client, plan):
        return []
    tables = masked(client)
    for table in tables:
        client.command(f"ALTER TABLE {table} APPLY DELETED MASK", settings={"mutations_sync": 0})
    return tables


def is_large(client: Client, plan: Plan) -> bool:
    """Whether the plan was for half of all sessions or more, and these are many."""
    if plan.sessions < LARGE:
        return False
    return plan.sessions * MUCH >= integer(client, "SELECT count() FROM gosight.sessions")
