"""A lander whose stores are killed under it loses nothing and doubles nothing."""

import os
import signal
from pathlib import Path

import pytest

from ingest.landing.lander import Lander
from ingest.settings import Settings
from ingest.spool import Spool
from stack.embedded import Stack
from tests.integration.ingest_landing.landing_world import World
from tests.unit.ingest_landing.landing_batches import event, named
from tests.waiting import until

BATCHES, EVENTS = 30, 60
SECONDS = 120.0


@pytest.mark.parametrize("store", ["clickhouse", "mongodb"])
def test_a_store_killed_in_the_middle_of_landing(
    store: str, stores: Stack, world: World, tmp_path: Path
) -> None:
    names = [[f"{batch} {number}" for number in range(EVENTS)] for batch in range(BATCHES)]
    endpoints = stores.endpoints
    settings = Settings(
        endpoints.clickhouse_url,
        endpoints.mongodb_uri,
        endpoints.postgres_dsn,
        tmp_path,
        block_events=3 * EVENTS,
        backoff_seconds=0.5,
    )
    with Spool(tmp_path, 1 << 30) as spool:
        for batch, texts in enumerate(names):
            spool.append(world.batch(f"batch {batch}", *map(event, texts))).result(SECONDS)
        lander = Lander(spool, settings)
        lander.start()
        until(lambda: spool.depth().batches < BATCHES)
        os.kill(stores.pids[store], signal.SIGKILL)
        assert spool.depth().batches > 0
        stores.wait_ready(store)
        until(lambda: spool.depth().batches == 0)
        until(lambda: lander.last_error is None)
        lander.stop(SECONDS)
    sent = sorted(named(text) for texts in names for text in texts)
    assert world.events_in_both() == (sent, sent)
    landed = {"received": EVENTS, "valid": EVENTS, "landed": EVENTS}
    assert world.ledger() == {named(f"batch {batch}"): landed for batch in range(BATCHES)}
    assert world.disagreements() == []
