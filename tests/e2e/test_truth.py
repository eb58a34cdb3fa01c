"""Simulated traffic is what its answer sheet says, in every mart."""

import json
from pathlib import Path

from tests.e2e import truth_of_days, truth_of_sessions
from tests.e2e.compare_truth import differences
from tests.e2e.conftest import PLAN, PlannedWarehouse

FORGOTTEN = 200
# Batches wait for those before them.
MAX_MS_ON_THE_WAY = 120_000


def test_every_count_rate_and_signal_is_as_planned(planned_warehouse: PlannedWarehouse) -> None:
    client, project_id, truth = (
        planned_warehouse.client,
        planned_warehouse.project_id,
        planned_warehouse.truth,
    )
    found = list(differences(client, project_id, truth))
    assert not found, "\n".join(map(str, found))
    assert client.query(
        "SELECT count() FROM gosight.sessions WHERE project_id = {p:String}",
        parameters={"p": project_id},
    ).result_rows == [(PLAN.sessions,)]


def test_sessions_of_wrong_clocks_are_where_they_happened_but_for_the_way(
    planned_warehouse: PlannedWarehouse,
) -> None:
    """What else is right of them, the other tests tell: they are in the plan like any."""
    late = planned_warehouse.on_the_way
    assert len(late) > 20
    assert min(late.values()) >= 0
    assert max(late.values()) < MAX_MS_ON_THE_WAY


def test_sessions_nobody_planned_are_told_by_every_comparison(
    planned_warehouse: PlannedWarehouse, tmp_path: Path
) -> None:
    """So none of them can hold for a wrong reason."""
    *sessions, last = planned_warehouse.truth.read_text().splitlines()
    totals = json.loads(last)
    totals["totals"]["sessions"] -= FORGOTTEN
    shorter = tmp_path / "shorter.jsonl"
    shorter.write_text("\n".join([*sessions[FORGOTTEN:], json.dumps(totals)]) + "\n")

    found = differences(planned_warehouse.client, planned_warehouse.project_id, shorter)

    checks = {check.name for check in (*truth_of_sessions.CHECKS, *truth_of_days.CHECKS)}
    assert {difference.check for difference in found} == checks | {"totals"}
