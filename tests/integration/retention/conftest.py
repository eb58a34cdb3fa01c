"""Stores of this folder's own: an expiry takes from every project there is."""

from collections.abc import Iterator

import pytest

from hxi.admin import projects
from tests.e2e.warehouse_rows import own_stores
from tests.integration.retention.retention_story import Life


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A project nobody else has, and the variables of its stores."""
    with own_stores(tmp_path_factory.mktemp("retention")) as (served, mongo):
        yield Life(projects.create(served.postgres, "retention")[0], mongo, served)
