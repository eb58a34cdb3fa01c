"""Whether a store answers, embedded or not: asked before it is used and by `hxi status`."""

from urllib.parse import urljoin

import psycopg
import pymongo
import redis as redis_client
from clickhouse_connect.driver.exceptions import ClickHouseError
from pymongo.errors import PyMongoError

from hxi.admin import clients
from hxi.admin.urls import answers_ok, without_user


def clickhouse(address: str) -> bool:
    """Whether a ClickHouse (embedded or real) lets us in."""
    if not answers_ok(urljoin(without_user(address), "/ping")):
        return False  # the client below writes a line to the log for each failed connection
    try:
        clients.clickhouse(address).close()
    except ClickHouseError:
        return False
    return True


def mongodb(address: str) -> bool:
    """Whether a MongoDB (embedded or real) answers a ping within 2 s."""
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(
        address, serverSelectionTimeoutMS=2000
    )
    with client:
        try:
            client.admin.command("ping")
        except PyMongoError:
            return False
    return True


def postgres(address: str) -> bool:
    """Whether a PostgreSQL (embedded or real) lets us in within 2 s."""
    try:
        with psycopg.connect(address, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def redis(address: str) -> bool:
    """Whether a Redis (embedded or real) answers a ping within 2 s."""
    with redis_client.Redis.from_url(address, socket_connect_timeout=2, socket_timeout=2) as client:
        try:
            return bool(client.ping())
        except redis_client.RedisError:
            return False
