"""Whether a run would change nothing: asked before Dagster and dbt, which take longer, are loaded.

Does what a run does first (finish an expiry, land again what raw lacks, read predictions back), and
then looks for a reason to build. The job itself does not ask: it skips what is empty.
"""

from contextlib import closing
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.documents import changes
from orchestration.documents.collections import DERIVED
from orchestration.documents.freshness import freshness
from orchestration.documents.switch import wanted as wanted_documents
from orchestration.erasure.erasing import any_waits
from orchestration.lease.held import held_stores
from orchestration.plan import plan, projects
from orchestration.plan.doubts import doubted
from orchestration.publish.agreement import sessions_agree
from orchestration.raw.outside_predictions import read_back
from orchestration.raw.reconcile import settle
from orchestration.rebuild import wanted
from orchestration.retention.expiry import finish
from orchestration.stores.settings import Settings

Postgres = psycopg.Connection[Any]


def nothing_is_new() -> bool:
    """Asked under a lease of its own: LeaseHeldError when another run is at work.

    True when every session is built from what has landed and by today's rules and settings, served
    sessions are there and derived documents written for the newest plan, no run, expiry or erasure
    was left unfinished, and the stores hold what the ledger says. What people changed in other
    served rows is not seen here: runs with something to do compare those, a part each.
    """
    with (
        held_stores(Settings.from_environment()) as stores,
        stores.postgres() as connection,
    ):
        client = stores.clickhouse()
        with closing(stores.owner()) as owner:
            if any_waits(owner, client):
                return False
        if _is_unfinished(client) or _is_waiting(client, connection):
            return False
        finish(stores)
        projects.follow(client, connection)
        with stores.mongodb() as mongo:
            predicted = read_back(mongo, stores.clickhouse())
            landed, disagreements = settle(mongo, stores.clickhouse())
        # What came to raw by these waits for a run; all else was asked for above.
        is_settled = not (predicted.sessions or landed.relanded or disagreements)
        return is_settled and _is_served(stores.clickhouse(), connection)


def _is_unfinished(client: Client) -> bool:
    return wanted.lacks_a_table(client) or bool(client.query(plan.UNFINISHED).result_rows)


def _is_waiting(client: Client, connection: Postgres) -> bool:
    settings = wanted.settings(client, connection)
    return plan.waiting(client, settings, doubted(client)) > 0


def _is_served(client: Client, connection: Postgres) -> bool:
    kept = wanted_documents()
    if freshness(client).is_behind:
        return False
    standings = changes.standings(client)
    if any(standings[derived.name].is_whole != (derived in kept) for derived in DERIVED):
        return False
    return sessions_agree(client, connection)
