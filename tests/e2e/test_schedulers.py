"""What a scheduler sees: each table's rows, plan and time; how far it is behind; runs left open."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import pytest
from clickhouse_connect.driver.client import Client

from hxi.load import load_batches
from orchestration.automation import BACKFILL, REFRESH, WATCH
from orchestration.checks.watch import Watch
from orchestration.definitions import defs
from orchestration.lease.lease import held
from orchestration.plan import plan
from orchestration.run.refresh import refresh
from orchestration.stores.clients import clickhouse_client
from simulate import Plan, generate
from stack.embedded import Stack

ROWS = {"rows", "rows_written", "dagster/row_count"}
PLANNED = {"planned_sessions", "planned_days"}
# A list of names, and a view.
NOT_OF_A_PLAN = {"gosight/projects", "gosight/project_days"}
MEASURED = {"gosight", "signals", "landing", "hxi", "traceflow", "documents"}
# Of plans that are closed, perhaps of several.
OF_ITS_OWN = {"documents"}


def watched(watch: Watch) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks' answers, by name."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def(WATCH.name).execute_in_process(
            instance=instance, resources={"watch": watch}
        )
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


@contextmanager
def chat() -> Iterator[tuple[str, list[str]]]:
    """A place alerts are sent to: its address, and the texts it got."""
    texts: list[str] = []

    class Room(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            texts.append(json.loads(body)["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    with http.server.HTTPServer(("127.0.0.1", 0), Room) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", texts
        finally:
            server.shutdown()
            thread.join()


# A session that was cut out of a visitor is built from the visitor, with the visitor's others.
SESSIONS_OF_LAST_DAY = """
    WITH
        (SELECT max(event_date) FROM gosight.events) AS last,
        on_it AS (SELECT project_id, session_id FROM gosight.events WHERE event_date = last),
        theirs AS (
            SELECT project_id, visitor_id FROM ops.visitor_sessions
            WHERE (project_id, session_id) IN (on_it))
    SELECT last, (SELECT uniqExact(*) FROM on_it), uniqExact(project_id, session_id) FROM (
        SELECT * FROM on_it UNION ALL SELECT * FROM theirs
        UNION ALL SELECT project_id, session_id FROM ops.visitor_sessions
        WHERE (project_id, visitor_id) IN (theirs))"""


def leave_a_plan_open(stack: Stack) -> None:
    """What a run that dies after its first step leaves."""
    client = clickhouse_client(stack.endpoints.clickhouse_url)
    with held(stack.endpoints.postgres_dsn) as lease:
        plan.open_plan(client, lease.fence, plan.Settings("not the rules", {}))
    client.close()


@pytest.mark.usefixtures("variables")
@pytest.mark.timeout(600)
def test_what_waits_is_told_a_dead_run_is_told_and_what_is_built_is_measured(
    stack: Stack, clickhouse: Client
) -> None:
    load_batches(stack.endpoints, generate(Plan(10, days=2, seed=90210)))

    waiting = watched(Watch(lag_minutes=0))["keeps_up"]
    assert not waiting.passed
    assert waiting.severity is dg.AssetCheckSeverity.WARN
    assert int(str(waiting.metadata["waiting_sessions"].value)) >= 10
    assert watched(Watch(lag_minutes=30))["keeps_up"].passed

    leave_a_plan_open(stack)
    with held(stack.endpoints.postgres_dsn):
        assert watched(Watch(open_minutes=0))["no_run_is_left_open"].passed
    assert watched(Watch(open_minutes=60))["no_run_is_left_open"].passed
    with chat() as (address, texts):
        left = watched(Watch(open_minutes=0, alert_url=address))["no_run_is_left_open"]
    assert not left.passed
    assert left.severity is dg.AssetCheckSeverity.WARN
    assert len(texts) == 1
    assert "nobody is at work on it" in texts[0]

    result = defs.resolve_job_def(REFRESH.name).execute_in_process()
    unmeasured = {
        event.asset_key.to_user_string(): set(metadata)
        for event in result.get_asset_materialization_events()
        if event.asset_key
        and event.asset_key.path[0] in MEASURED
        and event.asset_key.to_user_string() not in NOT_OF_A_PLAN
        for metadata in [event.materialization.metadata]
        for needed in [{"plan"} if event.asset_key.path[0] in OF_ITS_OWN else PLANNED]
        if not (metadata.keys() & ROWS and metadata.keys() >= needed | {"seconds"})
    }
    assert unmeasured == {}
    after = watched(Watch(lag_minutes=0, open_minutes=0))
    assert [check.check_name for check in after.values() if not check.passed] == []
    assert after["keeps_up"].metadata["waiting_sessions"].value == 0

    # The sessions of a day are built again on demand, and no others.
    ((day, sessions, planned),) = clickhouse.query(SESSIONS_OF_LAST_DAY).result_rows
    clickhouse.command(f"DELETE FROM gosight.sessions WHERE session_date = '{day}'")
    assert refresh(days=[day]).planned_sessions == planned
    ((built,),) = clickhouse.query(
        "SELECT uniqExact(project_id, session_id) FROM gosight.sessions"
        " WHERE (project_id, session_id) IN"
        " (SELECT project_id, session_id FROM gosight.events WHERE event_date = {day:Date})",
        parameters={"day": day},
    ).result_rows
    assert built == sessions


def test_the_job_of_a_day_hands_its_partition_to_the_run() -> None:
    job = defs.resolve_job_def(BACKFILL.name)
    config = job.get_run_config_for_partition_key("2026-10-01")
    checked = dg.validate_run_config(job, config)
    assert checked["resources"]["run"]["config"]["days"] == ["2026-10-01"]
