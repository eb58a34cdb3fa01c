"""Keys as gosight.api_keys has them, and doors whose PostgreSQL goes away and comes back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hxi.admin import projects
from hxi.admin.endpoints import Endpoints
from ingest.admission.keys import PostgresLookup
from tests.conftest import TestProject
from tests.integration.ingest_doors.cable import Cable
from tests.unit.ingest_doors.door_clients import WAYS, Door, open_way
from tests.unit.ingest_doors.running_doors import RunningDoors
from tests.unit.ingest_doors.sent_events import clicks


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
