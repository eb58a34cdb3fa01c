"""A store that is down or full is one line, wherever a command meets it."""

import errno
import signal
from collections.abc import Callable
from pathlib import Path

import clickhouse_connect
import psycopg
import pymongo
import pytest
import redis
from psycopg.errors import DiskFull

from hxi.admin.store_errors import told
from hxi.command import main

NOWHERE = "127.0.0.1:1"


def clickhouse() -> object:
    return clickhouse_connect.get_client(dsn=f"http://u:p@{NOWHERE}")


def postgres() -> object:
    return psycopg.connect(f"postgresql://u:p@{NOWHERE}/d")


def mongodb() -> object:
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(
        f"mongodb://{NOWHERE}", serverSelectionTimeoutMS=50
    )
    with client:
        return client.admin.command("ping")


def redis_() -> object:
    with redis.Redis.from_url(f"redis://{NOWHERE}") as client:
        return client.ping()


@pytest.mark.parametrize(
    ("asks", "store"),
    [(clickhouse, "ClickHouse"), (postgres, "PostgreSQL"), (mongodb, "MongoDB"), (redis_, "Redis")],
)
def test_a_store_that_is_down_is_named_with_the_reason(
    asks: Callable[[], object], store: str
) -> None:
    with pytest.raises(Exception) as failed:  # noqa: PT011 - each client has a kind of its own
        asks()
    line = str(told(failed.value))
    assert line.startswith(f"{store} failed (")
    assert "refused" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DiskFull('could not extend file "x":\nNo space left'), "PostgreSQL has no room left"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk has no room left"),
    ],
)
def test_a_full_disk_is_told_as_that(error: Exception, line: str) -> None:
    reason = told(error)
    assert str(reason).startswith(line)
    assert "\n" not in str(reason)


def test_faults_of_our_own_are_not_a_stores() -> None:
    assert told(KeyError("x")) is None


@pytest.mark.parametrize(
    "arguments", [["run"], ["expire"], ["project", "list"], ["up", "--data-dir", "{folder}"]]
)
def test_a_command_without_its_stores_ends_with_one_line(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HXI_CLICKHOUSE_URL", f"http://u:p@{NOWHERE}")
    monkeypatch.setenv("HXI_MONGODB_URI", f"mongodb://{NOWHERE}")
    monkeypatch.setenv("HXI_POSTGRES_DSN", f"postgresql://u:p@{NOWHERE}/d")
    on_stop = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        main([argument.format(folder=tmp_path) for argument in arguments])
    assert ended.value.code == 6
    assert signal.getsignal(signal.SIGTERM) == on_stop
    error = capsys.readouterr().err
    assert error.startswith("hxi: ")
    assert error.count("\n") == 1
