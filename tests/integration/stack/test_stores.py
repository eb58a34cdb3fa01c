import os
import signal
import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import pymongo
import pytest
import redis
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from hxi.admin import answering, clients
from hxi.admin.endpoints import Endpoints
from hxi.admin.prepare import clickhouse_schemas, postgres_schemas
from stack.embedded import Stack
from tests.waiting import until


def kill_and_wait(stack: Stack, name: str) -> None:
    """SIGKILL the program and return when another process of that name is ready."""
    old = stack.pids[name]
    os.kill(old, signal.SIGKILL)
    until(lambda: stack.pids.get(name, old) != old)
    stack.supervisor.wait_ready([name], 30)


def test_postgres_killed_comes_back_with_its_data(stores: Stack) -> None:
    dsn = stores.endpoints.postgres_dsn
    with clients.postgres(dsn) as connection:
        connection.execute("CREATE TABLE survives_kills AS SELECT 1 AS n")
    kill_and_wait(stores, "postgres")
    with clients.postgres(dsn) as connection:
        assert connection.execute("SELECT n FROM survives_kills").fetchall() == [(1,)]
        connection.execute("DROP TABLE survives_kills")


def test_redis_killed_comes_back_with_its_data(stores: Stack) -> None:
    with redis.Redis.from_url(stores.endpoints.redis_url) as client:
        client.set("survives", "kills")
        # Its log is synced once a second, as a real server's is by default.
        time.sleep(1.1)
    kill_and_wait(stores, "redis")
    with redis.Redis.from_url(stores.endpoints.redis_url) as client:
        assert client.get("survives") == b"kills"
        client.delete("survives")


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_store_lets_nobody_in_without_its_password(endpoints: Endpoints, password: str) -> None:
    for answers, url in (
        (answering.clickhouse, endpoints.clickhouse_url),
        (answering.postgres, endpoints.postgres_dsn),
        (answering.redis, endpoints.redis_url),
    ):
        assert answers(url)
        assert not answers(with_password(url, password))


def with_password(url: str, password: str) -> str:
    """The same address with another password."""
    parts = urlsplit(url)
    netloc = f"{parts.username or ''}:{password}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=netloc))


def test_every_store_listens_on_loopback_alone_and_shows_no_password(stores: Stack) -> None:
    secrets = vars(stores.passwords).values()
    # One that an earlier test ended may still be on its way up, and listens to nothing until then.
    stores.supervisor.wait_ready(stores.supervisor.names, 60)
    for name, pid in stores.pids.items():
        process = psutil.Process(pid)
        listening = [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        # gRPC opens IPv4 addresses as IPv6 ones.
        found = {c.laddr.ip.removeprefix("::ffff:") for c in listening}
        assert (name, found) == (name, {"127.0.0.1"})
        assert not any(secret in word for secret in secrets for word in process.cmdline())


def test_postgres_gives_the_warehouse_an_ordinary_owner_in_utc(
    postgres: psycopg.Connection[Any],
) -> None:
    row = postgres.execute(
        """SELECT current_database(), rolsuper, rolcreatedb, current_setting('timezone'),
                  has_database_privilege(current_database(), 'CREATE')
           FROM pg_roles WHERE rolname = current_user"""
    ).fetchone()
    assert row == ("hxi_dashboard", False, False, "UTC", True)
    assert postgres.info.server_version >= 180000


def test_prepared_stores_need_nothing_more(endpoints: Endpoints) -> None:
    assert clickhouse_schemas(endpoints.clickhouse_url) == []
    assert postgres_schemas(endpoints.postgres_dsn) == []


def test_the_schemas_and_the_default_key_are_there(
    clickhouse: Client,
    mongo: "pymongo.MongoClient[dict[str, Any]]",
    postgres: psycopg.Connection[Any],
    endpoints: Endpoints,
) -> None:
    assert clickhouse.query("EXISTS TABLE raw.events").first_row == (1,)
    assert mongo.admin.command("ping")["ok"] == 1
    row = postgres.execute(
        """SELECT p.id::text, key_prefix FROM gosight.projects p
           JOIN gosight.api_keys k ON k.project_id = p.id
           WHERE slug = 'default' AND key_hash = encode(sha256(%s::bytea), 'hex')""",
        (endpoints.project_key.encode(),),
    ).fetchone()
    assert row == (endpoints.project_id, endpoints.project_key[:12])


def test_the_readers_address_reads_and_writes_nothing(endpoints: Endpoints) -> None:
    with clients.clickhouse(endpoints.clickhouse_reader_url) as reader:
        assert reader.query("SELECT count() FROM raw.ingest_ledger").result_rows
        with pytest.raises(ClickHouseError):
            reader.command("INSERT INTO raw.tombstones (project_id) VALUES ('p')")
