"""How the warehouse stands, where its stores do not answer, and who may read it."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from hxi.admin.errors import BusyError
from hxi.metrics import Runs, served
from orchestration.checks.metrics import KEPT_SECONDS, Warehouse
from orchestration.run.outcome import Refreshed
from orchestration.stores.settings import Settings
from tests.scraping import at, scraped

PORT = 28398
URL = f"http://127.0.0.1:{PORT}"
NOWHERE = Settings("http://127.0.0.1:9/gosight", "", "postgresql://127.0.0.1:9/nothing")


@pytest.fixture
def registry() -> Iterator[CollectorRegistry]:
    registry = CollectorRegistry()
    registry.register(Warehouse(NOWHERE))
    with served(registry, PORT):
        yield registry


def test_stores_that_do_not_answer_are_down_and_runs_are_told_all_the_same(
    registry: CollectorRegistry,
) -> None:
    runs = Runs(registry)
    runs.ended(Refreshed(planned_sessions=3, written={"marts": 7}, seconds={"dbt_marts": 2.0}), 4.0)
    runs.ended(Refreshed(planned_sessions=1, failed_checks=("a: key",), written={"marts": 2}), 1.0)
    runs.failed()
    told = scraped(URL)
    assert [at(told, "store_up", store=store) for store in ("clickhouse", "postgresql")] == [0, 0]
    outcomes = ("done", "failed_checks", "failed")
    assert [at(told, "runs_total", outcome=outcome) for outcome in outcomes] == [1, 1, 1]
    assert at(told, "run_rows_total", stage="marts") == 9
    assert at(told, "run_seconds_sum") == 5
    assert at(told, "run_failed_checks") == 1
    assert ("hxi_run_step_seconds", frozenset({("step", "dbt_marts")})) not in told


def test_where_a_token_is_set_who_scrapes_has_to_bring_it() -> None:
    def status(path: str, token: str) -> int:
        request = urllib.request.Request(URL + path, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    with served(CollectorRegistry(), PORT, "t0ken"):
        asked = [("/metrics", "t0ken"), ("/metrics", "tok"), ("/", "t0ken")]
        assert [status(*one) for one in asked] == [200, 401, 404]


@pytest.mark.usefixtures("registry")
def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with (
        pytest.raises(BusyError, match=f"cannot serve metrics on .* port {PORT}"),
        served(CollectorRegistry(), PORT),
    ):
        pass


def test_scrapes_in_quick_succession_ask_the_stores_once() -> None:
    now = [0.0]
    warehouse = Warehouse(NOWHERE, clock=lambda: now[0])
    first, again = [*warehouse.collect()], [*warehouse.collect()]
    now[0] = KEPT_SECONDS
    later = [*warehouse.collect()]
    assert first[0] is again[0]
    assert first[0] is not later[0]
