"""One embedded stack for a whole test session, and clients of it.

Run side by side (`pytest -n 2`), each process has a stack of its own.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pymongo
import pytest
from clickhouse_connect.driver.client import Client
from xdist.scheduler import LoadScopeScheduling

from hxi.admin import clients, projects
from hxi.admin.endpoints import Endpoints
from stack.embedded import Stack

# Recordings of real visits that lie beside the checkout; they are not part of it.
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# Two processes must not write one manifest; dbt projects are parsed when their assets are imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["DBT_TARGET_PATH"] = str(
        Path(__file__).resolve().parents[1] / "target" / os.environ["PYTEST_XDIST_WORKER"]
    )
# Tables of replicated servers drop blocks that are equal to a recent one. The stack of the tests
# does so too: every test then shows that what the warehouse writes does not depend on it.
os.environ["HXI_CLICKHOUSE_DEDUPLICATION_WINDOW"] = "10000"
# One process fills the planned warehouse, for all tests that read it: those whose file names one of
# these fixtures.
SHARED = ("planned_warehouse", "visitor: Visitor")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of a file run in one process, one after the other, as do all that share much."""

    def group(nodeid: str) -> str:
        file = nodeid.split("::", maxsplit=1)[0]
        text = (config.rootpath / file).read_text()
        return SHARED[0] if any(name in text for name in SHARED) else file

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group
    return scheduler


def pytest_addoption(parser: pytest.Parser) -> None:
    """For longer searches than every change can wait for."""
    parser.addoption("--histories", type=int, default=2, help="how many random histories to play")
    parser.addoption("--first-history", type=int, default=0, help="the seed of the first of them")
    parser.addoption("--kills", type=int, default=0, help="how many more kills to try at random")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`seed`: of the histories that the options ask for."""
    if "seed" in metafunc.fixturenames and "exactness" in metafunc.module.__name__:
        first = metafunc.config.getoption("--first-history")
        count = metafunc.config.getoption("--histories")
        metafunc.parametrize("seed", range(first, first + count))


@dataclass(frozen=True)
class TestProject:
    """A project nobody else uses: `id` is in every row, `key` lets its events in."""

    __test__ = False

    id: str
    slug: str
    key: str


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The four embedded stores on free ports, schemas made; no ingest yet."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with Stack(folder, ports="auto", environment={}) as stack:
        stack.start_stores()
        yield stack


@pytest.fixture(scope="session")
def stack(stores: Stack) -> Stack:
    """The same stack with ingest running: `.endpoints`, `.pids` by name, `.folder`."""
    stores.start_ingest()
    return stores


@pytest.fixture(scope="session")
def endpoints(stores: Stack) -> Endpoints:
    """Addresses of the session's stack."""
    return stores.endpoints


@contextmanager
def variables_of(endpoints: Endpoints) -> Iterator[None]:
    """A stack's HXI_ variables for the length of the block."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in endpoints.environment().items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def variables(endpoints: Endpoints) -> Iterator[None]:
    """Those of the session's stack, for the length of the test."""
    with variables_of(endpoints):
        yield


@pytest.fixture
def clickhouse(endpoints: Endpoints) -> Iterator[Client]:
    """A ClickHouse client in UTC."""
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        yield client


@pytest.fixture
def mongo(endpoints: Endpoints) -> Iterator["pymongo.MongoClient[dict[str, Any]]"]:
    """A MongoDB client."""
    with clients.mongodb(endpoints.mongodb_uri) as client:
        yield client


@pytest.fixture
def postgres(endpoints: Endpoints) -> Iterator[psycopg.Connection[Any]]:
    """A PostgreSQL connection as the warehouse's owner, autocommit, UTC."""
    with clients.postgres(endpoints.postgres_dsn) as connection:
        yield connection


@pytest.fixture
def project(postgres: psycopg.Connection[Any]) -> TestProject:
    """A fresh project with its own key."""
    return TestProject(*projects.create(postgres, f"test {uuid4().hex}"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recordings; skips the test where there is none."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the recordings in ../shared/data beside the checkout, not there")
    return SHARED_DATA
