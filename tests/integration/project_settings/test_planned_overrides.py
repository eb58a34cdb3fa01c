"""A plan's rows are built with the settings that its hashes say, whoever dies when."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from clickhouse_connect.driver.client import Client

from orchestration.plan import plan
from orchestration.plan import project_settings as planned
from tests.integration.plan.own_databases import CrashError, OwnDatabases, Parameters, own_databases

NONE = plan.Settings("r", {})
VALUES: dict[str, object] = {"rage_click.min_clicks": 5, "rage_click.max_duration_ms": None}
PATTERNS: dict[str, object] = {"paths.id_rules": [r"\d+'", '"é\\\\']}
FIRST = plan.Settings("r", {"a": "1", "b": "2"}, {"a": VALUES, "b": PATTERNS})
SECOND = plan.Settings("r", {"a": "3"}, {"a": {"rage_click.min_clicks": 4}})


@pytest.fixture
def own(clickhouse: Client) -> Iterator[OwnDatabases]:
    """One session of each of two projects has landed."""
    with own_databases(clickhouse) as databases:
        databases.run(
            "INSERT INTO raw.session_index VALUES"
            f" ('a', '{UUID(int=1)}', 1), ('b', '{UUID(int=2)}', 1)"
        )
        yield databases


def hashes(own: OwnDatabases) -> dict[str, str]:
    """Of the open plan, by project."""
    rows = own.query(
        "SELECT project_id, settings_hash FROM ops.plan_sessions"
        " WHERE plan_id = (SELECT plan_id FROM ops.open_plan)"
    ).result_rows
    return dict(rows)


def test_signals_read_what_the_plan_has(own: OwnDatabases) -> None:
    plan.open_plan(own.as_client(), 1, FIRST)
    assert planned.values_by_signal(own.as_client()).get("rage_click", {}) == {
        "a": {"min_clicks": 5, "max_duration_ms": None}
    }
    assert planned.values_by_signal(own.as_client()).get("paths", {}) == {
        "b": {"id_rules": PATTERNS["paths.id_rules"]}
    }
    assert planned.values_by_signal(own.as_client()).get("u_turn", {}) == {}


def test_a_plan_that_is_opened_again_keeps_the_settings_of_its_hashes(own: OwnDatabases) -> None:
    plan.open_plan(own.as_client(), 1, FIRST)
    plan.open_plan(own.as_client(), 1, SECOND)
    assert hashes(own) == {"a": "1", "b": "2"}
    assert planned.values_by_signal(own.as_client())["rage_click"]["a"]["min_clicks"] == 5


def test_a_dead_runs_sessions_are_repeated_with_the_settings_of_now(own: OwnDatabases) -> None:
    plan.close_plan(own.as_client(), plan.open_plan(own.as_client(), 1, NONE))
    plan.open_plan(own.as_client(), 2, FIRST)
    # Back to what `done` says; the dead run may have built some of it otherwise.
    plan.open_plan(own.as_client(), 3, NONE)
    assert hashes(own) == {"a": "r", "b": "r"}
    assert planned.values_by_signal(own.as_client()).get("rage_click", {}) == {}


def test_settings_show_with_their_plan_and_not_before_wherever_opening_it_dies(
    own: OwnDatabases,
) -> None:
    plan.close_plan(own.as_client(), plan.open_plan(own.as_client(), 1, FIRST))
    shown = own.query("SELECT * FROM ops.project_settings ORDER BY ALL").result_rows
    deaths = 0
    for stop_at in range(20):
        fence = 2 + deaths

        def dies(
            number: int, statement: str, parameters: Parameters | None, at: int = stop_at
        ) -> None:
            if number == at:
                raise CrashError

        try:
            with own.watched(dies):
                plan.open_plan(own.as_client(), fence, SECOND)
            break
        except CrashError:
            deaths += 1
        rows = own.query("SELECT * FROM ops.project_settings ORDER BY ALL").result_rows
        opened = plan.current_plan(own.as_client()).plan_id
        assert rows == ([("a", "rage_click.min_clicks", "4")] if opened else shown)
    assert deaths > 3
    assert planned.values_by_signal(own.as_client()).get("rage_click", {}) == {
        "a": {"min_clicks": 4}
    }
    kept = own.query("SELECT uniq(plan_id) <= 2, count() <= 4 FROM ops.plan_settings").result_rows
    assert kept == [(1, 1)]
