"""PostgreSQL behind pgbouncer in transaction mode: every transaction may get another connection."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from hxi.admin.answering import postgres as postgres_answers
from hxi.admin.endpoints import Endpoints
from hxi.admin.prepare import postgres_schemas
from hxi.load import load_batches
from orchestration.lease import lease
from orchestration.run.idle import nothing_is_new
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack
from tests.conftest import variables_of
from tests.waiting import until

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
# Two server connections for all clients: whatever a session kept would be lost at once.
SETTINGS = """
[databases]
* = host={host} port={port} user={user} password={password} pool_size=2
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
auth_type = any
pool_mode = transaction
unix_socket_dir =
"""


@pytest.fixture
def pooled(stack: Stack, tmp_path: Path) -> Iterator[Endpoints]:
    """The session's stack, with its PostgreSQL behind a pooler."""
    if PGBOUNCER is None:
        pytest.skip("needs pgbouncer, which is not installed (apt-get install pgbouncer)")
    server, listen = urlsplit(stack.endpoints.postgres_dsn), a_free_port()
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        SETTINGS.format(
            host=server.hostname,
            port=server.port,
            user=server.username,
            password=server.password,
            listen=listen,
        )
    )
    # It refuses to run as root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    settings.chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    with subprocess.Popen([PGBOUNCER, "-q", *user, str(settings)]) as process:
        address = server._replace(netloc=f"{server.username}:any@127.0.0.1:{listen}").geturl()
        endpoints = replace(stack.endpoints, postgres_dsn=address)
        try:
            until(lambda: postgres_answers(address))
            with variables_of(endpoints):
                yield endpoints
        finally:
            process.terminate()


def a_free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.mark.timeout(600)
def test_runs_leases_and_migrations_work_through_a_pooler(pooled: Endpoints, stack: Stack) -> None:
    assert postgres_schemas(pooled.postgres_dsn) == []
    load_batches(stack.endpoints, generate(Plan(2, days=1, seed=6432)))

    refresh()

    assert nothing_is_new()
    # The publisher's role, a lock or a time zone of another client's would be left on these.
    for _ in range(4):
        with psycopg.connect(pooled.postgres_dsn, prepare_threshold=None) as connection:
            assert connection.execute(
                "SELECT current_user = session_user, (SELECT count(*) FROM pg_locks"
                " WHERE locktype = 'advisory')"
            ).fetchone() == (True, 0)


def test_one_lease_is_held_through_a_pooler_whatever_connections_it_gives(
    pooled: Endpoints, stack: Stack
) -> None:
    with lease.held(pooled.postgres_dsn) as mine:
        for dsn in (pooled.postgres_dsn, stack.endpoints.postgres_dsn):
            with pytest.raises(lease.LeaseHeldError), lease.held(dsn):
                pass
        with psycopg.connect(stack.endpoints.postgres_dsn, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid != pg_backend_pid() AND application_name = 'hxi'"
            )
        mine.check()
    with lease.held(stack.endpoints.postgres_dsn) as direct:
        assert direct.fence > mine.fence
