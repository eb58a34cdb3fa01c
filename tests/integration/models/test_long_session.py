"""A long session is built in time and memory that grow with its rows alone.

What is promised is a million events and 10,000 views within 2 GiB a process.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psutil
import pytest
from clickhouse_connect.driver.client import Client

from stack.embedded import Stack
from tests.integration.models.developer import Developer

EVENTS, VIEWS = 1_000_000, 10_000
BATCH = 50_000
MAX_BYTES = 3 << 29  # what a server takes beside it is not this session's
MODELS = ("+events", "int_sessions_events", "int_sessions_engaged", "int_views", "page_views")

# Every kind in turn, at any moment of a day, some together; every page is viewed again and again.
ROWS = f"""
INSERT INTO raw.events (project_id, event_id, session_id, event_type, timestamp, path, url,
    click_x, click_y, click_button, target_selector, payload, batch_id, ingested_at, position)
SELECT '{{project}}', generateUUIDv4(), toUUID('00000000-0000-0000-0000-000000000001'),
    if(number % {EVENTS // VIEWS} = 0, 'page_view',
        ['click', 'scroll', 'page_hidden', 'input_change', 'mouse_move'][1 + number % 5]) AS type,
    fromUnixTimestamp64Milli(toInt64(1795600000000 + intDiv(number * 86, 3)), 'UTC'),
    if(number % 7 = 0 AND type != 'page_view', '', concat('/page/', toString(number DIV 700 % 50))),
    '', number % 900, number % 700, if(type = 'click', 'left', ''), '#button',
    concat('{{{{"text":"', repeat('x', number % 300), '"}}}}'), generateUUIDv4(),
    fromUnixTimestamp64Milli(toInt64(1795700000000), 'UTC'), number % 5000
FROM numbers({{since}}, {BATCH})"""


@contextmanager
def peak_of(pid: int) -> Iterator[list[int]]:
    """The most bytes that a process holds meanwhile, beyond those at the beginning."""
    process = psutil.Process(pid)
    before = process.memory_info().rss
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


@pytest.mark.timeout(600)
def test_a_session_of_many_events_and_views_takes_no_square_of_memory(
    stores: Stack, clickhouse: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = str(uuid4())
    developer = Developer(stores.endpoints, tmp_path_factory.mktemp("dbt"))
    for since in range(0, EVENTS, BATCH):  # in one, landing it would take more than building it
        clickhouse.command(ROWS.format(project=project, since=since))
    clickhouse.command(
        "INSERT INTO raw.session_index SELECT DISTINCT project_id, session_id, 1 FROM raw.events"
        f" WHERE project_id = '{project}'"
    )
    try:
        started = time.monotonic()
        with peak_of(stores.pids["clickhouse"]) as peak:
            developer.dbt("build", "--resource-type", "model", "seed", "--select", *MODELS)
        assert time.monotonic() - started < 180
        assert peak[0] < MAX_BYTES
        views = f"{developer.database('gosight')}.page_views"
        found = clickhouse.query(
            f"SELECT count(), sum(click_count) FROM {views} WHERE project_id = '{project}'"
        ).result_rows
        assert found == [(VIEWS, EVENTS // 5 - VIEWS)]
    finally:
        developer.forget(clickhouse)
        for table in ("raw.events", "raw.session_index"):
            clickhouse.command(f"DELETE FROM {table} WHERE project_id = '{project}'")
