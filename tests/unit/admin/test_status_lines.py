"""`hxi status` says in words what a person must act on."""

from datetime import UTC, date, datetime

import pytest

from hxi import status as status_module
from hxi.admin.endpoints import Endpoints
from hxi.admin.status import Documents, Mart, Status
from hxi.command import main

STORES = {"clickhouse": True, "mongodb": True}
SPOOL = {"batches": 3, "bytes": 4_096, "oldest_age_seconds": 7.4}


def shown(
    found: Status, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[str, int]:
    """What the command prints, its runs of spaces made one, and its exit code."""
    endpoints = Endpoints("c", "m", "p", "", "", "", "", "")
    for name, value in endpoints.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(status_module, "collect", lambda _: found)
    code = 0
    try:
        main(["status"])
    except SystemExit as ended:
        code = int(str(ended.code))
    lines = capsys.readouterr().out.splitlines()
    return "\n".join(" ".join(line.split()) for line in lines), code


def test_what_runs_waits_and_is_held(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    marts = [
        Mart("events", 1_425, datetime(2026, 3, 9, 8, 30, tzinfo=UTC)),
        Mart("latency_daily", 12, date(2026, 3, 9)),
        Mart("journeys", 0, None),
    ]
    documents = Documents(7, datetime(2026, 3, 9, tzinfo=UTC), 7, 0)
    found = Status(STORES, {"spool": SPOOL}, 1_200, 80, marts, documents=documents)
    text, code = shown(found, monkeypatch, capsys)
    assert code == 0
    assert text == (
        "clickhouse up\nmongodb up\ningest up\n"
        "spool 3 batches, 4,096 bytes, the oldest for 7 s\n"
        "waiting 1,200 sessions for `hxi run`; a plan of 80 is open\n"
        "documents up to date with run 7\n"
        "gosight.events 1,425 rows newest 2026-03-09 08:30:00 UTC\n"
        "gosight.latency_daily 12 rows newest 2026-03-09\n"
        "gosight.journeys 0 rows"
    )


def test_what_keeps_batches_from_landing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    health = {"spool": SPOOL, "last_landing_error": "MongoDB does not answer"}
    found = Status(STORES | {"mongodb": False}, health, 0, 0, [])
    text, code = shown(found, monkeypatch, capsys)
    assert code == 6
    assert "mongodb DOWN" in text
    assert "7 s; last error: MongoDB does not answer" in text


def test_documents_that_lag_are_told_apart_from_the_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    behind = Documents(7, datetime(2026, 3, 9, tzinfo=UTC), 9, 1_240)
    found = Status(STORES, {"spool": SPOOL}, 0, 0, [], documents=behind)
    text, code = shown(found, monkeypatch, capsys)
    assert code == 0, "nothing is down"
    assert (
        "documents 1,240 s behind the tables of run 9: they are those of run 7,"
        " `hxi run` writes the others"
    ) in text


def test_ingest_down_is_told_and_an_unmade_schema_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text, code = shown(Status(STORES, None, None, None, []), monkeypatch, capsys)
    assert code == 6
    assert "ingest DOWN" in text
    assert "spool" not in text
    assert "waiting unknown" in text
