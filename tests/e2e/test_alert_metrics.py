"""Every metric that a rule may name, read from marts that a run has built."""

from datetime import timedelta

from orchestration.alerts.conditions import condition_of
from orchestration.alerts.metrics import NAMED
from orchestration.alerts.windows import starts, values
from tests.e2e.conftest import PLAN, PlannedWarehouse

DAY = timedelta(days=1)


def by_day(warehouse: PlannedWarehouse, metric: str, **more: object) -> dict[str, dict[str, float]]:
    """Value by day and group (its columns joined) of the planned project."""
    condition = condition_of("absence", {"metric": metric, "window": "1d", **more})
    ((last,),) = warehouse.client.query("SELECT max(started_at) FROM gosight.sessions").result_rows
    days = starts(DAY, last - 60 * DAY, last + 2 * DAY)
    days = [days[0] - number * DAY for number in range(60, 0, -1)] + days
    found = values(warehouse.client, warehouse.project_id, condition, days)
    return {
        " ".join(group): {f"{day:%Y-%m-%d}": value for day, value in of_group.items()}
        for group, of_group in found.items()
    }


def test_every_named_metric_has_values_and_counts_are_those_of_the_marts(
    planned_warehouse: PlannedWarehouse,
) -> None:
    found = {name: by_day(planned_warehouse, name)[""] for name in NAMED}
    assert [name for name, of_day in found.items() if not of_day] == []
    ours = "WHERE project_id = {project:String}"
    parameters = {"project": planned_warehouse.project_id}
    for name, query in {
        "sessions": f"SELECT count() FROM gosight.sessions {ours} AND NOT is_bot",
        "page_views": f"SELECT sum(page_count) FROM gosight.sessions {ours} AND NOT is_bot",
        "rage_clicks": f"SELECT sum(rage_click_count) FROM gosight.sessions {ours}",
        "failed_requests": f"SELECT sum(error_count) FROM gosight.latency_daily {ours}",
    }.items():
        ((expected,),) = planned_warehouse.client.query(query, parameters=parameters).result_rows
        assert sum(found[name].values()) == expected, name
    assert sum(found["sessions"].values()) <= PLAN.sessions


def test_groups_add_up_to_the_whole(planned_warehouse: PlannedWarehouse) -> None:
    whole = by_day(planned_warehouse, "rage_clicks")[""]
    groups = by_day(planned_warehouse, "rage_clicks", groupBy=["path"])
    assert sum(sum(of_group.values()) for of_group in groups.values()) == sum(whole.values()) > 0
