"""Two projects with the same events, one of which overrides settings, through whole runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from psycopg.types.json import Jsonb

from hxi.admin import clients, projects
from hxi.admin.errors import UserError
from hxi.load import load_batches
from hxi.project import project as project_command
from orchestration.project_settings.overrides import effective
from orchestration.run.outcome import RefreshFailedError
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack
from tests.conftest import variables_of
from tests.e2e.warehouse_rows import Rows, Served, difference
from tests.integration.project_settings.changed_defaults import (
    ROOT,
    checkout_with,
    other_values,
)

SESSIONS = 40
# Of the run that dies; nothing of it may be left.
FIRST = ("rage_click.profile=strict", "behaviour_states.enabled=false", "heatmap_grid_px=77")


@dataclass
class Warehouse:
    """A stack of its own: what is set and run here plans no session of another test."""

    stack: Stack
    clickhouse: Client
    postgres: psycopg.Connection[tuple[object, ...]]
    ids: dict[str, str]

    def hxi(self, *arguments: str) -> str:
        """What `hxi project …` prints; it must not fail."""
        done = CliRunner().invoke(
            project_command, [*arguments, "--data-dir", str(self.stack.folder.path)]
        )
        assert done.exit_code == 0, done.output + repr(done.exception)
        return done.output

    def set_all(self, slug: str, values: dict[str, object]) -> None:
        """By the command, lists as a name given several times."""
        given = [
            f"{name}={str(one).lower() if isinstance(one, bool) else one}"
            for name, value in values.items()
            for one in (value if isinstance(value, list) else [value])
        ]
        self.hxi("set", slug, *given)

    def rows(self, slug: str) -> Rows:
        """ClickHouse's; that PostgreSQL has the same is checked by each run itself."""
        found = Served(self.clickhouse, self.postgres).rows([self.ids[slug]])
        return {
            name: rows for name, rows in found.items() if not name.startswith(("hxi.", "trace"))
        }

    def run_elsewhere(self, checkout: Path) -> "subprocess.Popen[str]":
        """`hxi run` by the code of a checkout; its progress is on stderr."""
        paths = os.pathsep.join((str(checkout), str(checkout / "proto")))
        return subprocess.Popen(
            [sys.executable, "-m", "hxi", "run", "--json"],
            cwd=checkout,
            env=os.environ | self.stack.endpoints.environment() | {"PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def stored(self) -> list[tuple[str, ...]]:
        """The overrides of the newest plan."""
        found = self.clickhouse.query("SELECT project_id, name, value FROM ops.project_settings")
        return [tuple(row) for row in found.result_rows]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with Stack(tmp_path_factory.mktemp("settings"), ports="auto", environment={}) as stack:
        stack.start_stores()
        stack.start_ingest()
        with (
            variables_of(stack.endpoints),
            clients.clickhouse(stack.endpoints.clickhouse_url) as clickhouse,
            clients.postgres(stack.endpoints.postgres_dsn) as postgres,
        ):
            ids = {}
            for slug in ("shop", "blog"):
                ids[slug], _, key = projects.create(postgres, slug)
                to = replace(stack.endpoints, project_key=key)
                load_batches(to, generate(Plan(SESSIONS, days=3, seed=1, recorded=0.3, dirty=0.1)))
            yield Warehouse(stack, clickhouse, postgres, ids)


@pytest.mark.timeout(900)
def test_an_override_changes_the_rows_of_its_project_to_those_of_a_warehouse_with_such_defaults(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    assert refresh().planned_sessions == 2 * SESSIONS
    shop, blog = warehouse.rows("shop"), warehouse.rows("blog")

    # A run that dies after it rewrote events, and other overrides before it is repeated.
    warehouse.hxi("set", "shop", *FIRST)
    with warehouse.run_elsewhere(ROOT) as dying:
        assert dying.stderr is not None
        assert any("building: signals" in line for line in dying.stderr)
        os.killpg(dying.pid, signal.SIGKILL)
    assert (warehouse.ids["shop"], "heatmap_grid_px", "77") in warehouse.stored()
    warehouse.hxi("unset", "shop", "--all")
    others = other_values()
    warehouse.set_all("shop", dict(others))
    assert refresh().planned_sessions == SESSIONS
    assert {name for _, name, _ in warehouse.stored()} == effective(others).keys()
    overridden = warehouse.rows("shop")
    unlike = {name for name in shop if shop[name] != overridden[name]}
    assert unlike >= {
        *(f"signals.{name}" for name in ("rage_clicks", "dead_clicks", "u_turns", "slow_pages")),
        *(f"gosight.{name}" for name in ("events", "insights", "sessions", "latency_daily")),
        *(f"gosight.{name}" for name in ("click_heatmap_mv", "click_heatmap_normalised")),
        *(f"gosight.{name}" for name in ("experience_scores", "behaviour_states", "page_views")),
        *(f"gosight.{name}" for name in ("users_daily", "sessions_daily_mv")),
    }
    assert not difference(warehouse.rows("blog"), blog)

    # Without them the rows are as they were; a project can have no states.
    warehouse.hxi("unset", "shop", *others)
    warehouse.hxi("set", "blog", "behaviour_states.enabled=false")
    assert refresh().planned_sessions == 2 * SESSIONS
    assert not difference(warehouse.rows("shop"), shop)
    assert 0 < len(blog["gosight.behaviour_states"]) < SESSIONS  # a bot has none
    assert not difference(warehouse.rows("blog"), blog | {"gosight.behaviour_states": []})

    with warehouse.run_elsewhere(checkout_with(tmp_path, others)) as run:
        _, told = run.communicate(timeout=600)
    assert run.returncode == 0, told
    assert not difference(overridden, warehouse.rows("shop"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rage_click.min_clicks": 0}, "settings of project shop: rage_click.min_clicks must be "),
        (
            {"users.nobody": ["a(?=b)"]},
            "settings of project shop: users.nobody: 'a(?=b)' is not a ",
        ),
        (["strict"], 'settings of project shop: "warehouse" must be an object'),
    ],
)
def test_wrong_overrides_written_by_hand_stop_the_run_in_one_line_before_it_has_a_plan(
    warehouse: Warehouse, wrong: dict[str, object] | list[str], said: str
) -> None:
    plans = "SELECT count() FROM ops.plans UNION ALL SELECT count() FROM ops.plan_settings"
    before = set(warehouse.clickhouse.query(plans).result_rows)
    warehouse.postgres.execute(
        "UPDATE gosight.projects SET settings = settings || %s WHERE slug = 'shop'",
        (Jsonb({"warehouse": wrong}),),
    )
    try:
        with pytest.raises(RefreshFailedError) as error:
            refresh()
        shown = CliRunner().invoke(
            project_command, ["settings", "shop", "--data-dir", str(warehouse.stack.folder.path)]
        )
    finally:
        warehouse.postgres.execute(
            "UPDATE gosight.projects SET settings = settings - 'warehouse' WHERE slug = 'shop'"
        )
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)
    assert set(warehouse.clickhouse.query(plans).result_rows) == before
    # The command tells the same, but that it does not ask the engine.
    assert isinstance(shown.exception, UserError) is ("users.nobody" not in wrong)
