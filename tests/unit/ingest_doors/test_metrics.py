"""GET /metrics of ingest, read by Prometheus' own parser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.scraping import at, scraped
from tests.unit.ingest_doors.door_clients import Door
from tests.unit.ingest_doors.running_doors import KEY, READ_ONLY_KEY, RunningDoors
from tests.unit.ingest_doors.sent_events import BAD_EVENTS, batch, click


@contextmanager
def rise(http: httpx.Client, name: str, by: float, **labels: str) -> Iterator[None]:
    before = at(scraped(str(http.base_url)), f"ingest_{name}", **labels)
    yield
    assert at(scraped(str(http.base_url)), f"ingest_{name}", **labels) == before + by


def test_batches_and_events_are_counted_by_door_and_reason(door: Door, http: httpx.Client) -> None:
    sent = batch(click(), click(), BAD_EVENTS["invalid_uuid"][0])
    with (
        rise(http, "batches_total", 1, door=door.name),
        rise(http, "answer_seconds_count", 1, door=door.name),
        rise(http, "events_accepted_total", 2),
        rise(http, "events_rejected_total", 1, reason="invalid_uuid"),
        rise(http, "batches_refused_total", 1, reason="unauthenticated"),
        rise(http, "batches_refused_total", 1, reason="malformed"),
    ):
        door.send(sent, KEY)
        door.send(sent, READ_ONLY_KEY)
        door.send_bytes(door.malformed, KEY)


def test_the_spool_and_the_stores_are_as_they_are_at_the_scrape(
    door: Door, doors: RunningDoors, http: httpx.Client
) -> None:
    door.send(batch(click(), click()), KEY)
    doors.lander.answering["mongodb"] = False
    doors.lander.last_error = "MongoDB does not answer"
    now = scraped(str(http.base_url))
    assert at(now, "ingest_spool_batches") == 1
    assert at(now, "ingest_spool_events") == 2
    assert at(now, "ingest_spool_bytes") == doors.spooled()[0].size
    assert at(now, "ingest_spool_oldest_age_seconds") >= 0
    assert at(now, "ingest_store_up", store="mongodb") == 0
    assert at(now, "ingest_store_up", store="clickhouse") == 1
    assert at(now, "ingest_landing_failing") == 1


def test_where_a_token_is_set_who_scrapes_has_to_bring_it(tmp_path: Path) -> None:
    with RunningDoors(tmp_path, metrics_token="t0ken") as running:
        address = f"{running.http_url}/metrics"
        assert httpx.get(address).status_code == 401
        assert httpx.get(address, headers={"Authorization": "Bearer tok"}).status_code == 401
        assert httpx.get(address, headers={"Authorization": "Bearer t0ken"}).status_code == 200
