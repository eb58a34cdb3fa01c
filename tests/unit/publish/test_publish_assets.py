"""The publish stage as Dagster sees it: keys, what each table waits for, what is reported."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import dagster as dg
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from orchestration.lease.resource import RunResource
from orchestration.plan.plan import Plan
from orchestration.publish import assets as publish
from orchestration.publish.agreement import Disagreement, DisagreementError
from orchestration.publish.landing import LANDING_TABLES
from orchestration.publish.merge import Changes
from orchestration.publish.tables import SERVED_TABLES
from orchestration.transform.project import POSTGRES
from orchestration.transform.specs import asset_key

ASSETS = publish.assets()


class Idling(RunResource):
    """A run whose plan names `sessions` sessions and whose clients do nothing."""

    sessions: int

    @contextmanager
    def yield_for_execution(self, _context: dg.InitResourceContext) -> Iterator[Any]:
        """Takes no lease."""
        yield self

    def plan(self) -> Plan:
        """Plan number 7."""
        return Plan(7, self.sessions)

    @contextmanager
    def step(self, _keys: Iterable[dg.AssetKey]) -> Iterator[Plan]:
        """Records nothing."""
        yield self.plan()

    def fence(self) -> int:
        """That of another run than the one that opened the plan."""
        return 9

    def clickhouse(self) -> Client:
        """Only handed on."""
        return cast(Client, None)

    def postgres(self) -> psycopg.Connection[Any]:
        """Opened, handed on and closed."""
        return cast(psycopg.Connection[Any], Idle())

    def measured(self, started: float | None = None) -> dict[str, float]:
        """Two days; took no time."""
        return {"planned_sessions": self.sessions, "planned_days": 2, "seconds": 0.0}


class Idle:
    """Enough of a connection to be opened and closed."""

    def __enter__(self) -> "Idle":
        return self

    def __exit__(self, *_: object) -> None:
        return


def comparing(monkeypatch: pytest.MonkeyPatch, found: list[Disagreement]) -> None:
    """Let the check find these."""
    monkeypatch.setattr(publish, "due", lambda *_: ())
    monkeypatch.setattr(publish, "expected", lambda *_, **__: [])
    monkeypatch.setattr(publish, "differences", lambda *_: found)


def written(run: RunResource) -> dict[str, dict[str, Any]]:
    """Metadata by asset, after both assets ran."""
    result = dg.materialize(ASSETS, resources={"run": run})
    return {
        event.asset_key.to_user_string(): {
            name: value.value
            for name, value in event.step_materialization_data.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }


def test_every_landing_and_served_table_is_an_asset() -> None:
    keys = {key.to_user_string() for asset in ASSETS for key in asset.keys}
    assert keys == {
        *(f"landing/{table.name}" for table in LANDING_TABLES),
        *(f"{table.schema}/{table.name}" for table in SERVED_TABLES),
    }


def test_served_tables_wait_for_models_that_exist() -> None:
    nodes = POSTGRES.manifest()["nodes"].values()
    models = {asset_key(n) for n in nodes if n["resource_type"] == "model"}
    served = next(asset for asset in ASSETS if dg.AssetKey(["hxi", "users"]) in asset.keys)
    assert {key for parents in served.asset_deps.values() for key in parents} == models


def test_stage_models_wait_for_the_landing_assets() -> None:
    sources = POSTGRES.manifest()["sources"].values()
    landed = {asset_key(source) for source in sources}
    assert landed == {dg.AssetKey(["landing", table.name]) for table in LANDING_TABLES}


def test_with_nothing_planned_every_table_reports_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    comparing(monkeypatch, [])
    metadata = written(Idling(sessions=0))
    assert len(metadata) == len(LANDING_TABLES) + len(SERVED_TABLES)
    assert {values["rows_written"] for values in metadata.values()} == {0}


def test_rows_are_reported_by_table_for_the_runs_own_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = []
    measured = {"planned_sessions": 3, "planned_days": 2, "seconds": 0.0}

    def copy_plan(
        _client: object, _connection: object, plan_id: int, *, fence: int
    ) -> dict[str, int]:
        plans.append((plan_id, fence))
        return {table.name: 5 for table in LANDING_TABLES}

    def merge_plan(_connection: object, plan_id: int, *, fence: int) -> dict[str, Changes]:
        plans.append((plan_id, fence))
        return {table.name: Changes(1, 2, 4) for table in SERVED_TABLES}

    monkeypatch.setattr(publish, "copy_plan", copy_plan)
    monkeypatch.setattr(publish, "merge_plan", merge_plan)
    monkeypatch.setattr(publish, "write_comments", lambda *_: 0)
    comparing(monkeypatch, [])

    metadata = written(Idling(sessions=3))

    assert plans == [(7, 9), (7, 9)]
    assert metadata["landing/events"] == {"rows_written": 5, **measured}
    assert metadata["hxi/events"] == {
        "rows_written": 3,
        "rows_inserted": 1,
        "rows_updated": 2,
        "rows_deleted": 4,
        **measured,
    }


def test_a_disagreement_with_the_marts_fails_the_run_and_says_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [Disagreement("hxi.events", "shop", (4, 0), (5, 0))]
    comparing(monkeypatch, found)

    with pytest.raises(DisagreementError, match=r"hxi\.events holds 4 rows, the marts 5"):
        written(Idling(sessions=0))
    result = dg.materialize(ASSETS, resources={"run": Idling(sessions=0)}, raise_on_error=False)
    assert not result.success
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("agrees_with_marts", False)
