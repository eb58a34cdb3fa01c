"""The promise of exactness, through the whole pipeline."""

from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
import pymongo
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from orchestration.run.refresh import refresh
from orchestration.transform import compiled
from tests.e2e.exact_histories import history
from tests.e2e.landing_path import LandingPath
from tests.e2e.served import documents
from tests.e2e.warehouse_rows import Served, difference

PROJECTS = 8
RUNS = 3
# Whoever has it was paused for so long that another run has come and gone.
END_LEASE = """
    UPDATE ops.lease SET fence = nextval('ops.plan_fence'), expires_at = '-infinity'
    WHERE name = 'warehouse'"""


@pytest.fixture
def served(clickhouse: Client, postgres: psycopg.Connection[Any], variables: None) -> Served:
    """What a run in this process works on."""
    return Served(clickhouse, postgres)


@pytest.mark.timeout(3600)
def test_marts_end_as_a_full_refresh_from_nothing_has_them(
    served: Served,
    mongo: "pymongo.MongoClient[dict[str, Any]]",
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [projects.create(served.postgres, f"exact {uuid4().hex}")[0] for _ in range(PROJECTS)]
    override = partial(projects.store_overrides, served.postgres)
    # By what dbt compiled once, and by dbt each time: both ways are exact.
    monkeypatch.setenv(compiled.VARIABLE, (compiled.COMPILED, compiled.DBT)[seed % 2])
    end_lease = partial(served.postgres.execute, END_LEASE)
    played = history(LandingPath(mongo, served.clickhouse), seed, names, override, end_lease)

    with played.scheduler.instance:
        played.play(RUNS)
    after_runs = served.rows(names) | documents(mongo, names)
    if seed % 2:
        served.drop_marts()
        refresh()
    else:
        served.forget_what_was_built()
        refresh(full=True)

    assert after_runs["gosight.sessions"], "nothing was built"
    different = difference(after_runs, served.rows(names) | documents(mongo, names))
    assert not different, "\n".join([f"history {seed}:", *played.steps, different])
