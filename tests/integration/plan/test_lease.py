"""The one writer's lease on a real PostgreSQL."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from uuid import uuid4

import dagster as dg
import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from hxi.admin.endpoints import Endpoints
from orchestration.lease import lease
from orchestration.lease.held import HeldStores, held_stores
from orchestration.lease.publisher import StaleConnectionError, publisher_connection
from orchestration.lease.resource import RunResource
from orchestration.stores.settings import Settings

HOLDER = """
import sys
from orchestration.lease import lease
with lease.held(sys.argv[1]) as mine:
    print(mine.fence, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holding(endpoints: Endpoints, holder: str) -> Iterator[HeldStores]:
    """The stores under a lease of that holder."""
    stores = Settings(endpoints.clickhouse_url, endpoints.mongodb_uri, endpoints.postgres_dsn)
    with held_stores(stores, holder) as held:
        yield held


@pytest.fixture
def table(clickhouse: Client) -> Iterator[str]:
    """An empty table of one number."""
    name = f"default.lease_{uuid4().hex}"
    clickhouse.command(f"CREATE TABLE {name} (n UInt64) ENGINE = MergeTree ORDER BY n")
    yield name
    clickhouse.command(f"DROP TABLE {name}")


def test_a_second_run_is_refused_at_once(endpoints: Endpoints) -> None:
    with (
        lease.held(endpoints.postgres_dsn),
        pytest.raises(lease.LeaseHeldError, match="wait until it ends"),
        lease.held(endpoints.postgres_dsn),
    ):
        pass


def test_a_second_run_may_wait_for_the_first(endpoints: Endpoints) -> None:
    dsn, order = endpoints.postgres_dsn, []

    def wait() -> None:
        with lease.held(dsn, wait_s=60):
            order.append("second")

    with lease.held(dsn):
        second = threading.Thread(target=wait)
        second.start()
        time.sleep(0.5)
        order.append("first")
    second.join()

    assert order == ["first", "second"]


def test_the_lease_is_free_when_its_block_ends_and_each_fence_is_greater(
    endpoints: Endpoints,
) -> None:
    fences = []
    for _ in range(3):
        with lease.held(endpoints.postgres_dsn) as mine:
            mine.check()
            fences.append(mine.fence)

    assert fences == sorted(set(fences))


def test_a_run_that_fails_frees_the_lease(endpoints: Endpoints) -> None:
    with pytest.raises(ZeroDivisionError), lease.held(endpoints.postgres_dsn):
        _ = 1 / 0

    with lease.held(endpoints.postgres_dsn) as mine:
        mine.check()


def test_a_holder_killed_on_this_machine_frees_the_lease_at_once(endpoints: Endpoints) -> None:
    dsn = endpoints.postgres_dsn
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, dsn],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        fence = int(holder.stdout.readline())
        with pytest.raises(lease.LeaseHeldError), lease.held(dsn):
            pass

        holder.kill()

    with lease.held(dsn) as mine:
        assert mine.fence > fence


def test_a_lease_outlives_its_connections(endpoints: Endpoints) -> None:
    with lease.held(endpoints.postgres_dsn) as mine:
        with psycopg.connect(endpoints.postgres_dsn, autocommit=True) as other:
            ended = other.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'hxi'"
            ).fetchone()

        assert ended is not None
        assert ended[0] > 0
        mine.check()


def test_a_lease_lasts_while_it_is_renewed_and_no_longer(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(lease.SECONDS_VARIABLE, "0.4")
    with lease.held(endpoints.postgres_dsn) as mine:
        time.sleep(1)
        with pytest.raises(lease.LeaseHeldError), lease.held(endpoints.postgres_dsn):
            pass
        mine.check()

        monkeypatch.setattr(type(mine.renewed), "renew", lambda _: None)
        time.sleep(0.6)
        mine.check()  # late, but nobody has taken it
        with lease.held(endpoints.postgres_dsn), pytest.raises(lease.LeaseLostError):
            mine.check()


def test_a_run_that_comes_back_under_its_id_ends_what_it_had_under_way(
    endpoints: Endpoints, clickhouse: Client, table: str
) -> None:
    slow = f"INSERT INTO {table} SELECT sleepEachRow(0.05) + number FROM numbers(400)"
    failed: list[Exception] = []

    def write(held: HeldStores) -> None:
        try:
            held.clickhouse().command(slow, settings={"max_block_size": 1})
        except ClickHouseError as error:
            failed.append(error)

    with holding(endpoints, "the run") as first, first.mongodb() as mongo:
        documents = mongo[f"lease_{uuid4().hex}"]["documents"]
        writer = threading.Thread(target=write, args=[first])
        writer.start()
        time.sleep(1)
        with holding(endpoints, "the run") as again:
            writer.join(timeout=10)
            assert failed, "its statement went on"
            for write_again in (
                lambda: first.client.command(f"INSERT INTO {table} VALUES (1)"),
                lambda: first.client.insert(table, [[1]]),
                lambda: documents.insert_one({"n": 1}),
                first.postgres,
                first.mongodb,
                first.statement_id,
            ):
                with pytest.raises(lease.LeaseLostError):
                    write_again()
            rows = clickhouse.query(f"SELECT count() FROM {table}").result_rows
            time.sleep(0.5)
            assert clickhouse.query(f"SELECT count() FROM {table}").result_rows == rows
            assert documents.count_documents({}) == 0
            again.clickhouse().command(f"INSERT INTO {table} VALUES (1)")


def test_a_transaction_of_an_earlier_holder_never_commits(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LOCK_TIMEOUT", "100ms")
    dsn = endpoints.postgres_dsn
    with holding(endpoints, "the run") as first, closing(first.postgres()) as connection:
        connection.execute("SELECT 1")
        with holding(endpoints, "the run"):
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
            with (
                closing(publisher_connection(dsn, first.lease.fence)) as late,
                pytest.raises(StaleConnectionError),
                late.transaction(),
            ):
                pass


def test_who_publishes_is_said_in_each_transaction(endpoints: Endpoints) -> None:
    who = "SELECT current_user, current_setting('timezone')"
    with closing(publisher_connection(endpoints.postgres_dsn)) as connection:
        for _ in range(2):
            assert connection.execute(who).fetchone() == ("hxi_publisher", "UTC")
            connection.commit()
            with connection.transaction(), connection.transaction():
                assert connection.execute(who).fetchone() == ("hxi_publisher", "UTC")
        connection.rollback()
        connection.autocommit = True
        with connection.transaction():
            assert connection.execute(who).fetchone() == ("hxi_publisher", "UTC")


@pytest.mark.usefixtures("variables")
def test_what_a_run_does_beside_its_assets_is_over_before_its_lease_is_free(
    endpoints: Endpoints,
) -> None:
    def work(run: RunResource) -> None:
        while run.fence():
            with pytest.raises(lease.LeaseHeldError), lease.held(endpoints.postgres_dsn):
                pass

    with (
        dg.build_init_resource_context() as context,
        RunResource().yield_for_execution(context) as run,
    ):
        begun = run.beside(partial(work, run))
        time.sleep(0.2)
        assert not begun.done()

    assert begun.done()
    assert isinstance(begun.exception(), lease.LeaseLostError)
    with lease.held(endpoints.postgres_dsn) as mine:
        mine.check()
