"""How far derived documents are behind the tables: they are written for plans that are closed."""

from dataclasses import dataclass

from clickhouse_connect.driver.client import Client


@dataclass(frozen=True)
class Freshness:
    """`built` is the newest closed plan, `served` the newest whose documents were written, 0 for
    none; `behind_s` is how long ago the first of those in between was closed. `open_plan`: 0 when
    none is. `served_at_ms`: of the epoch.
    """

    built: int
    served: int
    behind_s: int
    open_plan: int = 0
    served_at_ms: int = 0

    @property
    def is_behind(self) -> bool:
        """Whether a plan was built whose documents may be missing."""
        return self.served < self.built


def freshness(client: Client) -> Freshness:
    """As it is now."""
    (row,) = client.query(
        "SELECT built_plan, served_plan, behind_s, (SELECT plan_id FROM ops.open_plan),"
        " ifNull(toUnixTimestamp64Milli(served_at), 0) FROM ops.documents_freshness"
    ).result_rows
    return Freshness(*map(int, row))


def record(client: Client, served: int) -> None:
    """Documents of all plans up to this one are written."""
    client.command(f"INSERT INTO ops.documents_served VALUES ({served}, now64(3, 'UTC'))")
