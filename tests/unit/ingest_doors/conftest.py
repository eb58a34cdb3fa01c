"""Open doors, and each way through them."""

from collections.abc import Iterator

import httpx
import pytest

from tests.unit.ingest_doors.door_clients import WAYS, Door, open_way
from tests.unit.ingest_doors.running_doors import RunningDoors


@pytest.fixture(scope="session")
def shared_doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDoors]:
    """Opening and closing takes longer than most tests."""
    with RunningDoors(tmp_path_factory.mktemp("doors")) as running:
        yield running


@pytest.fixture
def doors(shared_doors: RunningDoors) -> RunningDoors:
    """Both doors over an empty spool."""
    shared_doors.forget_all()
    return shared_doors


@pytest.fixture(params=WAYS)
def door(request: pytest.FixtureRequest, doors: RunningDoors) -> Iterator[Door]:
    """Each way in, one after another."""
    with open_way(request.param, doors.http_url, doors.grpc_address) as way:
        yield way


@pytest.fixture
def http(doors: RunningDoors) -> Iterator[httpx.Client]:
    """A plain client of the HTTP door."""
    with httpx.Client(base_url=doors.http_url, timeout=60) as client:
        yield client
