"""Expires what is too old: everything is recorded first, then whole sessions are deleted.

docs/decisions/0003-retention.md gives the reasons of the order. Needs the lease.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from clickhouse_connect.driver.client import Client

from orchestration.lease.held import held_stores
from orchestration.retention import records
from orchestration.retention.limits import CutOffs
from orchestration.retention.moved import delete_moved, move_replays
from orchestration.retention.records import Expiry, of_expiry
from orchestration.retention.storage import of_projects
from orchestration.stores.clients import integer
from orchestration.stores.settings import Settings

if TYPE_CHECKING:
    from orchestration.retention.deletions import Mongo, Postgres


class Stores(Protocol):
    """A run's hold on the stores; each client is given out after the lease was checked."""

    def fence(self) -> int:
        """The lease's number."""

    def clickhouse(self) -> Client:
        """The run's client."""

    def postgres(self) -> "Postgres":
        """A new connection, to be closed by the caller."""

    def mongodb(self) -> "Mongo":
        """A new client, to be closed by the caller."""


@dataclass(frozen=True)
class Expired:
    """What one expiry took away, replay payloads apart from events.

    `events` and `replay_payloads` left raw and MongoDB, of `sealed_sessions` and of what had
    landed late; `replays` are sessions that lost their recording, `mart_sessions` those that left
    the marts, `closed_days` days whose aggregates stay for ever.
    """

    sealed_sessions: int = 0
    events: int = 0
    replay_payloads: int = 0
    replays: int = 0
    closed_days: int = 0
    mart_sessions: int = 0


def expire(stores: Stores, cut_offs: CutOffs) -> Expired:
    """Finish what died, then expire what is too old by `cut_offs`."""
    finish(stores)
    with stores.postgres() as connection:
        own = of_projects(connection)
    expiry = Expiry(stores.fence(), cut_offs.with_projects(own))
    sealed = integer(stores.clickhouse(), _SEALED)
    records.open_expiry(stores.clickhouse(), expiry)
    _expire(stores, expiry)
    return _expired(stores.clickhouse(), expiry, sealed)


def expire_now(cut_offs: CutOffs) -> Expired:
    """In this process, under a lease of its own. Needs the HXI_ variables."""
    with held_stores(Settings.from_environment()) as stores:
        return expire(stores, cut_offs)


def finish(stores: Stores) -> None:
    """Repeat expiries that died, each with its own cut-offs; every run does so before all else."""
    for expiry in records.unfinished(stores.clickhouse()):
        _expire(stores, expiry)


def _expire(stores: Stores, expiry: Expiry) -> None:
    """Raw first: a session whose marts leave must be sealed."""
    # Loads what publishes; every run asks for expiries, and few find one.
    from orchestration.retention import deletions

    client = stores.clickhouse()
    records.record_replays(client, expiry, move_replays(client, expiry))
    records.seal(client, expiry)
    records.record_rows(client, expiry)
    records.close_days(client, expiry)
    records.record_marts(client, expiry)
    if records.count(client, "expired", expiry):
        with stores.mongodb() as mongo:
            deletions.delete_documents(client, mongo, expiry)
        deletions.delete_raw(client, expiry)
    if records.count(client, "expired_replays", expiry):
        with stores.postgres() as postgres:
            deletions.delete_replays(client, postgres, expiry)
    if records.count(client, "expired_marts", expiry):
        with stores.mongodb() as mongo:
            deletions.delete_derived_documents(client, mongo, expiry)
        delete_moved(client, of_expiry("expired_marts", expiry))
        deletions.delete_marts(client, expiry)
        with stores.postgres() as postgres:
            deletions.unpublish(client, postgres, expiry, stores.fence())
    records.close_expiry(stores.clickhouse(), expiry)


_SEALED = "SELECT count() FROM ops.sealed_sessions FINAL"


def _expired(client: Client, expiry: Expiry, sealed_before: int) -> Expired:
    rows = client.query(
        "SELECT sumIf(rows, kind = 'events'), sumIf(rows, kind = 'replay_chunks')"
        f" FROM ops.expired FINAL WHERE expiry_id = {expiry.expiry_id}"
    ).result_rows
    return Expired(
        sealed_sessions=integer(client, _SEALED) - sealed_before,
        events=int(rows[0][0]),
        replay_payloads=int(rows[0][1]),
        replays=records.count(client, "expired_replays", expiry),
        closed_days=records.count(client, "closed_days", expiry),
        mart_sessions=records.count(client, "expired_marts", expiry),
    )
