"""Whether a run would change nothing: asked before Dagster and dbt, which take longer, are loaded.

Does what a run does first (finish an expiry, land again what raw lacks, read predictions back), and
then looks for a reason to build. The job itself does not ask: it skips what is empty.
"""

from contextlib import closing

from clickhouse_connect.driver.client import Client

from orchestration.documents import changes
from orchestration.documents.collections import DERIVED
from orchestration.documents.freshness import freshness
from orchestration.documents.switch import wanted as wanted_documents
from orchestration.erasure.erasing import any_waits
from orchestration.lease.held import HeldStores, held_stores
from orchestration.plan import plan, projects
from orchestration.plan.doubts import doubted
from orchestration.publish.agreement import sessions_agree
from orchestration.raw.outside_predictions import read_back
from orchestration.raw.reconcile import settle
from orchestration.rebuild import wanted
from orchestration.retention.expiry import finish
from orchestration.stores.settings import Settings


def nothing_is_new() -> bool:
    """Asked under a lease of its own: LeaseHeldError when another run is at work.

    True when every session is built from what has landed and by today's rules and settings, served
    sessions are there and derived documents written for the newest plan, no run, expiry or erasure
    was left unfinished, and the stores hold what the ledger says. What people changed in other
    served rows is not seen here: runs with something to do compare those, a part each.
    """
    with held_stores(Settings.from_environment()) as stores:
        with closing(stores.owner()) as connection:
            if any_waits(connection, stores.clickhouse()):
                return False
        if _is_unfinished(stores.clickhouse()) or _is_waiting(stores):
            return False
        finish(stores)
        with stores.postgres() as connection:
            projects.follow(stores.clickhouse(), connection)
        with stores.mongodb() as mongo:
            read_back(mongo, stores.clickhouse())
            _, disagreements = settle(mongo, stores.clickhouse())
            if disagreements:
                return False
        return not _is_waiting(stores) and _is_served(stores)


def _is_unfinished(client: Client) -> bool:
    return wanted.lacks_a_table(client) or bool(client.query(plan.UNFINISHED).result_rows)


def _is_waiting(stores: HeldStores) -> bool:
    client = stores.clickhouse()
    with stores.postgres() as connection:
        settings = wanted.settings(client, connection)
    return plan.waiting(client, settings, doubted(client)) > 0


def _is_served(stores: HeldStores) -> bool:
    client, kept = stores.clickhouse(), wanted_documents()
    if freshness(client).is_behind:
        return False
    standings = changes.standings(client)
    if any(standings[derived.name].is_whole != (derived in kept) for derived in DERIVED):
        return False
    with stores.postgres() as connection:
        return sessions_agree(client, connection)
