"""What a plan names, and what becomes of it when its run ends or dies."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from clickhouse_connect.driver.client import Client

from orchestration.plan import plan
from orchestration.plan.reasons import outlook
from tests.integration.plan.own_databases import CrashError, OwnDatabases, Parameters, own_databases

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
RULES = plan.Settings(default_hash="r1", project_hashes={})


class Warehouse:
    """A plan's tables, and the little a plan reads besides."""

    def __init__(self, databases: OwnDatabases) -> None:
        self.db = databases
        self.client = databases.as_client()
        self.db.run(
            "CREATE TABLE gosight.events (project_id String, session_id UUID,"
            " timestamp DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY session_id"
        )

    def land(self, *sessions: UUID, project: str = "p") -> None:
        for session in sessions:
            self.db.run(
                "INSERT INTO raw.session_index SELECT {project:String}, {session:UUID}, 1",
                {"project": project, "session": str(session)},
            )

    def build(self, session: UUID, *moments: datetime) -> None:
        """The session's events are these now."""
        self.db.run(f"DELETE FROM gosight.events WHERE session_id = '{session}'")
        for moment in moments:
            self.db.run(
                f"INSERT INTO gosight.events VALUES ('p', '{session}', '{moment:%Y-%m-%d %H:%M}')"
            )

    def open(self, fence: int, rules: plan.Settings = RULES, *, full: bool = False) -> plan.Plan:
        return plan.open_plan(self.client, fence, rules, full=full)

    def run(self, fence: int, rules: plan.Settings = RULES) -> None:
        """A run that has nothing to do but to plan."""
        plan.close_plan(self.client, self.open(fence, rules))

    def kept(self, table: str) -> list[int]:
        """The plans of its rows."""
        rows = self.db.query(f"SELECT plan_id FROM ops.{table} ORDER BY 1").result_rows
        return [plan_id for (plan_id,) in rows]

    def became_older(self, days: int) -> None:
        """All that was planned was planned so much earlier."""
        older = f"* REPLACE (planned_at - INTERVAL {days} DAY AS planned_at)"
        for table in ("plan_sessions", "plan_days"):
            self.db.run(f"CREATE TABLE ops.older AS ops.{table}")
            self.db.run(f"INSERT INTO ops.older SELECT {older} FROM ops.{table}")
            self.db.run(f"EXCHANGE TABLES ops.older AND ops.{table}")
            self.db.run("DROP TABLE ops.older")

    def sessions(self) -> list[UUID]:
        rows = self.db.query("SELECT session_id FROM ops.planned_sessions").result_rows
        return sorted(session for (session,) in rows)

    def days(self) -> list[date]:
        rows = self.db.query("SELECT day FROM ops.planned_days").result_rows
        return sorted(day for (day,) in rows)


@pytest.fixture
def warehouse(clickhouse: Client) -> Iterator[Warehouse]:
    """Nothing landed, nothing done."""
    with own_databases(clickhouse) as databases:
        yield Warehouse(databases)


def at(day: int, hour: int = 12) -> datetime:
    """An hour of a day in February 2024."""
    return datetime(2024, 2, day, hour, tzinfo=UTC)


def test_only_sessions_that_landed_since_are_planned(warehouse: Warehouse) -> None:
    warehouse.land(ONE, TWO)
    warehouse.run(1)
    warehouse.land(TWO, THREE)

    assert warehouse.open(2) == plan.Plan(plan_id=2, sessions=2)
    assert warehouse.sessions() == [TWO, THREE]


def test_nothing_is_planned_when_nothing_landed(warehouse: Warehouse) -> None:
    warehouse.land(ONE)
    warehouse.run(1)

    assert warehouse.open(2).sessions == 0


def test_a_full_plan_names_every_session(warehouse: Warehouse) -> None:
    warehouse.land(ONE, TWO)
    warehouse.run(1)

    assert warehouse.open(2, full=True).sessions == 2


def test_changed_rules_plan_every_session(warehouse: Warehouse) -> None:
    warehouse.land(ONE, TWO)
    warehouse.run(1)

    assert warehouse.open(2, plan.Settings("r2", {})).sessions == 2


def test_changed_rules_of_one_project_plan_its_sessions_alone(warehouse: Warehouse) -> None:
    warehouse.land(ONE, project="it's")
    warehouse.land(ONE, TWO, project="q")
    warehouse.run(1)

    assert warehouse.open(2, plan.Settings("r1", {"it's": "r2"})).sessions == 1


def test_two_projects_that_send_the_same_session_id_stay_apart(warehouse: Warehouse) -> None:
    warehouse.land(ONE, project="p")
    warehouse.land(ONE, project="q")
    warehouse.run(1)
    warehouse.land(ONE, project="q")

    assert warehouse.open(2).sessions == 1


def test_what_lands_after_a_plan_was_opened_is_left_for_the_next(warehouse: Warehouse) -> None:
    warehouse.land(ONE)
    opened = warehouse.open(1)
    warehouse.land(ONE)
    plan.close_plan(warehouse.client, opened)

    assert warehouse.open(2).sessions == 1


def test_each_session_is_planned_for_one_reason(warehouse: Warehouse) -> None:
    def why(rules: plan.Settings = RULES, *, full: bool = False) -> dict[str, tuple[int, int]]:
        found = outlook(warehouse.client, rules, full=full, doubted=f"SELECT 'p', toUUID('{TWO}')")
        assert found.sessions == sum(one.sessions for one in found.reasons)
        return {one.reason: (one.sessions, one.days) for one in found.reasons}

    warehouse.land(ONE, TWO)
    warehouse.run(1)
    warehouse.build(ONE, at(1), at(2))
    warehouse.land(THREE)
    assert why() == {"new": (1, 0), "doubted": (1, 0)}
    assert why(plan.Settings("r2", {})) == {"new": (1, 0), "rules": (2, 2)}
    assert why(full=True) == {"new": (1, 0), "missing": (2, 2)}
    warehouse.land(ONE)
    assert why() == {"new": (1, 0), "late": (1, 2), "doubted": (1, 0)}
    warehouse.db.run(f"INSERT INTO raw.tombstones VALUES ('p', '{ONE}')")
    assert why() == {"new": (1, 0), "erased": (1, 2), "doubted": (1, 0)}
    warehouse.run(2)
    assert why() == {"doubted": (1, 0)}
    warehouse.open(3, full=True)
    assert why() == {"unfinished": (3, 2)}


def test_days_left_and_days_entered_are_both_planned(warehouse: Warehouse) -> None:
    warehouse.land(ONE, TWO)
    warehouse.build(ONE, at(1), at(2))
    warehouse.build(TWO, at(9))
    warehouse.run(1)
    warehouse.land(ONE)

    opened = warehouse.open(2)
    plan.add_days(warehouse.client, opened)
    warehouse.build(ONE, at(2, 23), at(3, 0))
    plan.add_days(warehouse.client, opened)

    assert warehouse.days() == [date(2024, 2, day) for day in (1, 2, 3)]


def test_the_first_run_has_no_events_to_take_days_from(clickhouse: Client) -> None:
    with own_databases(clickhouse) as databases:
        client = databases.as_client()

        assert plan.add_days(client, plan.open_plan(client, 1, RULES)) == 0


def test_sessions_and_days_of_a_run_that_died_are_taken_over(warehouse: Warehouse) -> None:
    warehouse.land(ONE)
    warehouse.build(ONE, at(1))
    plan.add_days(warehouse.client, warehouse.open(1))
    warehouse.build(ONE)
    warehouse.land(TWO)

    warehouse.open(2)

    assert warehouse.sessions() == [ONE, TWO]
    assert warehouse.days() == [date(2024, 2, 1)]


def test_what_died_twice_is_taken_over_still(warehouse: Warehouse) -> None:
    warehouse.land(ONE)
    warehouse.open(1)
    warehouse.open(2)

    assert warehouse.open(3).sessions == 1
    plan.close_plan(warehouse.client, plan.Plan(3, 1))
    assert warehouse.open(4).sessions == 0


def test_nothing_is_planned_once_a_run_ended(warehouse: Warehouse) -> None:
    warehouse.land(ONE)
    warehouse.build(ONE, at(1))
    opened = warehouse.open(1)
    plan.add_days(warehouse.client, opened)
    plan.close_plan(warehouse.client, opened)

    assert (warehouse.sessions(), warehouse.days()) == ([], [])
    assert plan.current_plan(warehouse.client).plan_id == 0


def test_an_older_run_can_neither_open_nor_close(warehouse: Warehouse) -> None:
    warehouse.land(ONE)
    older = warehouse.open(1)
    warehouse.open(2)

    with pytest.raises(plan.PlanError, match="took it over"):
        plan.close_plan(warehouse.client, older)
    with pytest.raises(plan.PlanError, match="another run has begun"):
        warehouse.open(1)


def test_a_closed_plan_is_not_opened_again(warehouse: Warehouse) -> None:
    warehouse.run(1)

    with pytest.raises(plan.PlanError, match="another run has begun"):
        warehouse.open(1)


def test_opening_again_under_the_same_lease_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.land(ONE)
    opened = warehouse.open(1)
    warehouse.land(TWO)

    assert warehouse.open(1) == opened
    assert warehouse.sessions() == [ONE]


@pytest.mark.parametrize("writes", range(4))
def test_opening_may_die_at_any_write_and_be_repeated(warehouse: Warehouse, writes: int) -> None:
    warehouse.land(ONE, TWO)
    warehouse.open(1)
    warehouse.land(THREE)

    def die(number: int, _: str, __: Parameters | None) -> None:
        if number == writes:
            raise CrashError

    with pytest.raises(CrashError), warehouse.db.watched(die):
        warehouse.open(2)

    again = warehouse.open(2)
    assert warehouse.sessions() == [ONE, TWO, THREE]
    plan.close_plan(warehouse.client, again)
    assert plan.current_plan(warehouse.client) == plan.Plan(0, 0)


def test_what_a_plan_named_is_kept_for_a_week_after_it_is_over(warehouse: Warehouse) -> None:
    """A replica that comes to its deletes late looks it up; nothing is sent to keep it."""
    warehouse.land(ONE, TWO)
    warehouse.build(ONE, at(1))
    opened = warehouse.open(1)
    plan.add_days(warehouse.client, opened)
    plan.close_plan(warehouse.client, opened)
    warehouse.became_older(plan.KEPT_DAYS)
    warehouse.land(ONE)
    warehouse.run(2)
    assert (warehouse.kept("plan_sessions"), warehouse.kept("plan_days")) == ([1, 1, 2], [1])

    warehouse.became_older(1)
    warehouse.run(3)
    assert (warehouse.kept("plan_sessions"), warehouse.kept("plan_days")) == ([2], [])


def test_a_plan_that_was_left_open_is_taken_over_however_old_it_is(warehouse: Warehouse) -> None:
    warehouse.land(ONE)
    warehouse.open(1)
    warehouse.became_older(plan.KEPT_DAYS * 2)

    warehouse.open(2)
    warehouse.became_older(plan.KEPT_DAYS * 2)
    assert warehouse.open(3).sessions == 1


def test_an_open_plan_survives_the_upgrade_that_keeps_plans(warehouse: Warehouse) -> None:
    warehouse.land(ONE)
    warehouse.build(ONE, at(1))
    plan.add_days(warehouse.client, warehouse.open(1))

    for way in ("down", "up", "up"):
        warehouse.db.migrate(f"0008_plans_kept.{way}.sql")
    assert (warehouse.sessions(), warehouse.days()) == ([ONE], [date(2024, 2, 1)])
