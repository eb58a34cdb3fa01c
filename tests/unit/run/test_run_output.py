"""What `hxi run` prints: something that moves on a terminal, a line a stage in a log, a summary."""

import io

import pytest
from dbt.events.types import NodeStart
from dbt_common.events.base_types import msg_from_base_event
from rich.console import Console

from hxi.run_output import shown, summary
from orchestration.run.listener import stage_of
from orchestration.run.outcome import Refreshed
from orchestration.transform.reporting import telling
from orchestration.transform.run_dbt import _tell


def test_a_log_gets_one_line_a_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(Console(file=io.StringIO())) as show:
        for table in ("", "gosight.sessions", "gosight.journeys"):
            show("marts", table, 7)
        show("documents", "", 9)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "building: marts\nbuilding: documents\n")


def test_a_terminal_sees_the_stage_the_table_and_the_rows_so_far() -> None:
    screen = io.StringIO()
    with shown(Console(file=screen, force_terminal=True, width=100)) as show:
        show("marts", "gosight.sessions", 12345)
    for part in ("marts", "gosight.sessions", "12,345 rows written"):
        assert part in screen.getvalue()


def test_the_summary_is_sessions_rows_by_stage_and_checks() -> None:
    refreshed = Refreshed(2, ("gosight/sessions: unique",), 8, {"events": 40, "marts": 1200})
    assert list(summary(refreshed, 3.21)) == [
        "2 sessions rebuilt in 3.2 s",
        "  events                          40 rows written",
        "  marts                        1,200 rows written",
        "  checks                           8 passed, 1 failed",
        "CHECK FAILED gosight/sessions: unique",
    ]
    assert list(summary(Refreshed(), 1.0)) == ["nothing was new in 1.0 s"]


@pytest.mark.parametrize(
    ("step", "stage"),
    [
        ("signals__rage_click", "signals"),
        ("dbt_marts", "marts"),
        ("served_tables", "served in PostgreSQL"),
        ("raw__reconciled", "plan"),
    ],
)
def test_each_step_belongs_to_a_stage(step: str, stage: str) -> None:
    assert stage_of(step) == stage


def test_dbt_tells_which_model_it_begins_and_no_test() -> None:
    told: list[str] = []
    with telling(told.append):
        for kind, name in (("model", "sessions"), ("test", "unique_sessions")):
            relation = {"schema": "gosight", "alias": name}
            node = {"node_name": name, "resource_type": kind, "node_relation": relation}
            _tell(msg_from_base_event(NodeStart(node_info=node)))
    _tell(msg_from_base_event(NodeStart(node_info=node)))
    assert told == ["gosight.sessions"]
