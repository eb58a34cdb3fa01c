"""The one writer's lease on a real PostgreSQL."""

import subprocess
import sys
import time

import psycopg
import pytest

from hxi.admin.endpoints import Endpoints
from orchestration.lease import lease

HOLDER = """
import sys
from orchestration.lease import lease
with lease.held(sys.argv[1]) as mine:
    print(mine.fence, flush=True)
    sys.stdin.read()
"""
PATIENCE_SECONDS = 20


def test_a_second_run_is_refused_at_once(endpoints: Endpoints) -> None:
    with (
        lease.held(endpoints.postgres_dsn),
        pytest.raises(lease.LeaseHeldError, match="wait until it ends"),
        lease.held(endpoints.postgres_dsn),
    ):
        pass


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


def test_a_holder_killed_at_once_frees_the_lease(endpoints: Endpoints) -> None:
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

    assert _next_fence(dsn) > fence


def test_a_lost_connection_is_noticed_before_the_next_stage_writes(endpoints: Endpoints) -> None:
    with lease.held(endpoints.postgres_dsn) as mine:
        pid = mine.connection.info.backend_pid
        with psycopg.connect(endpoints.postgres_dsn, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))

        with pytest.raises(lease.LeaseLostError):
            mine.check()


def test_a_lock_that_was_let_go_is_noticed(endpoints: Endpoints) -> None:
    with lease.held(endpoints.postgres_dsn) as mine:
        mine.connection.execute("SELECT pg_advisory_unlock(%s)", (lease.LOCK,))

        with pytest.raises(lease.LeaseLostError, match="run again"):
            mine.check()


def _next_fence(dsn: str) -> int:
    """The fence of the next holder, once the server has noticed that the last one is gone."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with lease.held(dsn) as mine:
                return mine.fence
        except lease.LeaseHeldError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
