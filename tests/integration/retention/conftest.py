"""Stores of this folder's own: an expiry takes from every project there is."""

from collections.abc import Iterator

import pytest

from hxi.admin import clients, projects
from stack.embedded import Stack
from tests.e2e.warehouse_rows import Served
from tests.integration.retention.retention_story import Life


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A project nobody else has, and the variables of its stores."""
    with (
        Stack(tmp_path_factory.mktemp("retention"), ports="auto", environment={}) as stack,
        pytest.MonkeyPatch.context() as patch,
    ):
        stack.start_stores()
        for name, value in stack.endpoints.environment().items():
            patch.setenv(name, value)
        with (
            clients.clickhouse(stack.endpoints.clickhouse_url) as clickhouse,
            clients.mongodb(stack.endpoints.mongodb_uri) as mongo,
            clients.postgres(stack.endpoints.postgres_dsn) as postgres,
        ):
            project_id = projects.create(postgres, "retention")[0]
            yield Life(project_id, mongo, Served(clickhouse, postgres))
