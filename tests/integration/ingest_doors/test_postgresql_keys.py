"""Keys as gosight.api_keys has them, and doors whose PostgreSQL goes away and comes back."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
import pytest

from hxi.admin import projects
from hxi.admin.endpoints import Endpoints
from ingest.admission.keys import PostgresLookup
from tests.conftest import TestProject
from tests.unit.ingest_doors.door_clients import WAYS, Door, open_way
from tests.unit.ingest_doors.running_doors import RunningDoors
from tests.unit.ingest_doors.sent_events import clicks


class Cable:
    """A way to PostgreSQL that can be cut: connections end and new ones are refused."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cable")
        self._port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def dsn(self) -> str:
        parts = urlsplit(self._dsn)
        user = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{user}@127.0.0.1:{self._port}").geturl()

    def mend(self) -> None:
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def cut(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        while self._writers:
            await asyncio.sleep(0.01)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(self._dsn)
        there = await asyncio.open_connection(parts.hostname, parts.port)
        ends = {writer, there[1]}
        self._writers |= ends
        try:
            await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))
        except OSError:
            pass
        finally:
            for end in ends:
                end.transport.abort()
            self._writers -= ends


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.transport.abort()


@pytest.fixture
def cable(endpoints: Endpoints) -> Iterator[Cable]:
    with Cable(endpoints.postgres_dsn) as cable:
        yield cable


@pytest.fixture
def doors(cable: Cable, tmp_path: Path) -> Iterator[RunningDoors]:
    """Doors that read their keys through the cable; known ones are asked again at once."""
    lookup = PostgresLookup(cable.dsn)
    with RunningDoors(tmp_path, lookup=lookup, key_cache_seconds=0.0) as running:
        yield running
        asyncio.run_coroutine_threadsafe(lookup.close(), running.loop).result()


@pytest.fixture(params=WAYS)
def door(request: pytest.FixtureRequest, doors: RunningDoors) -> Iterator[Door]:
    with open_way(request.param, doors.http_url, doors.grpc_address) as way:
        yield way


def test_each_key_leads_to_its_own_project(
    doors: RunningDoors, door: Door, postgres: psycopg.Connection[Any], project: TestProject
) -> None:
    second = projects.add_key(postgres, project.id, "second")
    other, _, others_key = projects.create(postgres, f"other {project.slug}")
    for key in (project.key, second, others_key):
        assert door.send(clicks(1, key=key)).code == "OK"
    assert [one.project_id for one in doors.spooled()] == [project.id, project.id, other]


@pytest.mark.parametrize(
    "change",
    [
        "is_active = FALSE",
        "expires_at = now() - interval '1 second'",
        "permissions = '{read}'",
        "permissions = '{}'",
        "permissions = NULL",
        "is_active = NULL",
    ],
)
def test_a_key_that_may_not_write_any_more_is_refused(
    doors: RunningDoors,
    door: Door,
    postgres: psycopg.Connection[Any],
    project: TestProject,
    change: str,
) -> None:
    assert door.send(clicks(1, key=project.key)).code == "OK"
    update = f"UPDATE gosight.api_keys SET {change} WHERE project_id = %s"
    postgres.execute(update.encode(), (project.id,))
    assert door.send(clicks(1, key=project.key)).code == "UNAUTHENTICATED"
    assert len(doors.spooled()) == 1


def test_known_keys_work_while_postgresql_is_away_and_new_ones_when_it_is_back(
    doors: RunningDoors,
    door: Door,
    cable: Cable,
    postgres: psycopg.Connection[Any],
    project: TestProject,
) -> None:
    new_key = projects.add_key(postgres, project.id, "new")
    assert door.send(clicks(1, key=project.key)).code == "OK"
    cable.cut()
    assert door.send(clicks(1, key=project.key)).code == "OK"
    assert door.send(clicks(1, key=new_key)).code == "UNAVAILABLE"
    assert door.send(clicks(1, key="gs_" + "w" * 43)).code == "UNAVAILABLE"
    cable.mend()
    doors.forget_pause()
    assert door.send(clicks(1, key=new_key)).code == "OK"
    assert door.send(clicks(1, key="gs_" + "w" * 43)).code == "UNAUTHENTICATED"
    assert len(doors.spooled()) == 3


def test_a_connection_that_died_meanwhile_costs_no_refusal(
    doors: RunningDoors, door: Door, cable: Cable, project: TestProject
) -> None:
    assert door.send(clicks(1, key=project.key)).code == "OK"
    cable.cut()
    cable.mend()
    assert door.send(clicks(1, key="gs_" + "w" * 43)).code == "UNAUTHENTICATED"
