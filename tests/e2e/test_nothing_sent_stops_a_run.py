"""Whatever an SDK sends through either door, the run after it ends well and texts are texts.

In the same run: what users of other products reported, if that lies beside the checkout.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from google.protobuf import json_format

from hxi.admin import clients, projects
from hxi.admin.endpoints import Endpoints
from hxi.load import LoadTotals, Options, load_batches, load_files
from orchestration.run.refresh import refresh
from stack.embedded import Stack
from tests.conftest import SHARED_DATA, variables_of
from tests.e2e import small_dirt
from tests.e2e.sdk_recordings import post_calls, wait_landed
from tests.e2e.whatever_fits import batch
from tests.unit.ingest_doors.sent_events import now
from tests.unit.ingest_formats.sdk_traffic import TELL, visits
from tests.unit.ingest_formats.sdk_traffic import broken as broken_json

SEED = 13
BATCHES, EVENTS = 6, 100
# Bytes as they were sent.
BYTES = ("data",)
CASES = sorted((SHARED_DATA / "reports" / "cases").glob("*/expected.json"))
ABSENT = pytest.mark.skip(reason=f"{SHARED_DATA / 'reports'} is not there")
# Decided otherwise, with the page that says why.
DECIDED = {"both are users (debatable)": "docs/decisions/0005-users-own-sessions.md"}


@dataclass(frozen=True)
class Sent:
    """What was loaded under which project; `project` holds whatever fits the wire."""

    clickhouse: Client
    postgres: psycopg.Connection[Any]
    project: str
    totals: tuple[LoadTotals, LoadTotals]
    small: str
    sdks: str
    cases: dict[str, tuple[str, LoadTotals]]


@pytest.fixture(scope="module")
def sent(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """All of it, built by one run, which raises if it does not end well."""
    endpoints = stack.endpoints
    with (
        clients.postgres(endpoints.postgres_dsn) as postgres,
        clients.clickhouse(endpoints.clickhouse_url) as clickhouse,
    ):
        project, own = project_of(postgres, endpoints, "whatever fits")
        totals = whatever_fits(own, tmp_path_factory.mktemp("lines") / "events.ndjson")
        small, small_own = project_of(postgres, endpoints, "small dirt")
        load_batches(small_own, [small_dirt.batch()])
        sdks, sdks_own = project_of(postgres, endpoints, "broken SDKs")
        rng = random.Random(SEED)
        calls = visits(rng, now() - 3 * 3_600_000, len(TELL))
        post_calls(sdks_own, (replace(one, body=broken_json(one.body, rng)) for one in calls))
        wait_landed(endpoints)
        cases = {}
        for path in CASES:
            case_project, case_own = project_of(postgres, endpoints, path.parent.name)
            [source] = path.parent.glob("events.ndjson*")
            cases[path.parent.name] = (
                case_project,
                load_files(case_own, [source], Options(backfill=True)),
            )
        with variables_of(endpoints):
            refresh()
        yield Sent(clickhouse, postgres, project, totals, small, sdks, cases)


def project_of(
    postgres: psycopg.Connection[Any], endpoints: Endpoints, name: str
) -> tuple[str, Endpoints]:
    project, _, key = projects.create(postgres, f"{name} {uuid4().hex}")
    return project, replace(endpoints, project_key=key)


def whatever_fits(endpoints: Endpoints, lines: Path) -> tuple[LoadTotals, LoadTotals]:
    """Half as protobuf by gRPC, half as JSON by HTTP."""
    rng = random.Random(SEED)
    batches = [batch(rng, now(), EVENTS) for _ in range(BATCHES)]
    events = [event for one in batches[BATCHES // 2 :] for event in one.events]
    lines.write_text("\n".join(json_format.MessageToJson(event, indent=None) for event in events))
    by_grpc = load_batches(endpoints, batches[: BATCHES // 2])
    return by_grpc, load_files(endpoints, [lines])


@pytest.mark.timeout(900)
def test_whatever_fits_the_wire_lands_or_is_refused_with_a_reason(sent: Sent) -> None:
    for totals in sent.totals:
        assert totals.received == BATCHES * EVENTS // 2
        assert totals.refused_by_store == 0
        assert totals.received == totals.landed + totals.duplicate + totals.rejected
        assert totals.rejected == sum(totals.reasons.values())
        assert totals.landed > totals.received // 2
    of_project = f"WHERE project_id = '{sent.project}'"
    found = sent.clickhouse.query(f"SELECT count() FROM gosight.sessions {of_project}").result_rows
    assert found == [(3,)]  # one id is written in two ways


@pytest.mark.timeout(900)
def test_broken_requests_of_sdks_cost_only_what_is_broken_in_them(sent: Sent) -> None:
    (sums,) = sent.clickhouse.query(
        "SELECT sum(landed) > 40, sum(valid) = sum(landed) + sum(duplicate), sum(rejected) > 0"
        f" FROM raw.ingest_ledger FINAL WHERE project_id = '{sent.sdks}'"
    ).result_rows
    assert sums == (True, True, True)


@pytest.mark.timeout(900)
def test_every_text_of_every_mart_is_utf_8_without_nul(sent: Sent) -> None:
    columns = sent.clickhouse.query(
        "SELECT table, groupArray(name) FROM system.columns WHERE database = 'gosight'"
        " AND type IN ('String', 'Nullable(String)', 'LowCardinality(String)',"
        " 'LowCardinality(Nullable(String))') GROUP BY table"
    ).result_rows
    assert len(columns) > 15
    assert {table: broken(sent.clickhouse, table, names) for table, names in columns} == {
        table: [] for table, _ in columns
    }


def broken(clickhouse: Client, table: str, columns: list[str]) -> list[str]:
    """Those with a value that is no UTF-8 or holds NUL."""
    texts = [f"ifNull({name}, '')" for name in columns if name not in BYTES]
    counts = ", ".join(
        f"countIf(NOT isValidUTF8({text}) OR position({text}, char(0)) > 0)" for text in texts
    )
    found = clickhouse.query(f"SELECT {counts} FROM gosight.{table}").result_rows
    return [text for text, count in zip(texts, found[0], strict=True) if count]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("sentence", small_dirt.RIGHT)
def test_reported_dirt_stays_out_of_the_numbers(sent: Sent, sentence: str) -> None:
    table, columns, session, right = small_dirt.RIGHT[sentence]
    found = sent.clickhouse.query(
        f"SELECT {columns} FROM gosight.{table} WHERE project_id = {{project:String}}"
        " AND session_id = {session:UUID}",
        parameters={"project": sent.small, "session": session},
    )
    assert found.result_rows == right


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "case", CASES or [pytest.param(None, marks=ABSENT)], ids=lambda case: case and case.parent.name
)
def test_what_others_reported_is_right_here(sent: Sent, case: Path) -> None:
    checks = json.loads(case.read_text())["checks"]
    wrong = [
        (check["label"], check["expect"], found)
        for check in checks
        if check["label"] not in DECIDED
        and not is_same(found := observed(sent, case.parent.name, check), check["expect"])
    ]
    assert wrong == []


def observed(sent: Sent, case: str, check: dict[str, Any]) -> Any:
    """What a store or the loading says; a run that ended is all there is to know of runs."""
    project, totals = sent.cases[case]
    query = check["sql"].replace("{p}", project)
    if check["store"] == "ch":
        return [list(row) for row in sent.clickhouse.query(query).result_rows]
    if check["store"] == "pg":
        return [list(row) for row in sent.postgres.execute(query.encode()).fetchall()]
    if check["store"] == "load":
        return {name: getattr(totals, name) for name in check["expect"]}
    assert check["store"] in ("run", "run_seconds"), f"a store of its own: {check['store']}"
    return check["expect"]


def is_same(found: Any, expected: Any) -> bool:
    """As JSON has them; floats to a millionth."""
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(is_same, found, expected))
    if isinstance(found, float) or isinstance(expected, float):
        return found is not None and abs(float(found) - float(expected)) < 1e-6
    return bool(json.loads(json.dumps(found, default=str)) == expected)
