"""`hxi load` as a person and a script meet it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin.endpoints import Endpoints
from hxi.command import main
from simulate import Plan, generate
from simulate.output import batch_writer
from tests.conftest import variables_of

SESSION = "7d980fc3-5143-5b00-a336-c6e06a67e33b"


@pytest.fixture
def load(
    own: Endpoints, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Runs the command on the test's project: exit code, stdout, stderr."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        try:
            main(["load", *map(str, arguments)])
        except SystemExit as ended:
            code = int(str(ended.code))
        else:
            code = 0
        return (code, *capsys.readouterr())

    with variables_of(own):
        yield run


@pytest.fixture
def visits(tmp_path: Path) -> tuple[Path, int]:
    """A small file and how many events are in it."""
    path, events = tmp_path / "visits.binpb", 0
    with batch_writer(path) as write:
        for batch in generate(Plan(sessions=5, days=1, seed=9)):
            write(batch)
            events += len(batch.events)
    return path, events


def event(number: int, **changes: Any) -> dict[str, Any]:
    sound = {
        "eventId": f"00000000-0000-4000-8000-{number:012d}",
        "sessionId": SESSION,
        "eventType": "EVENT_TYPE_PAGE_VISIBLE",
        "timestamp": {"millis": "1700000000000"},
    }
    return sound | changes


@pytest.mark.parametrize("door", ["grpc", "http"])
def test_it_ends_with_the_ledgers_numbers(
    load: Callable[..., tuple[int, str, str]], visits: tuple[Path, int], door: str
) -> None:
    path, events = visits
    code, out, err = load(path, "--door", door)
    assert (code, err) == (0, "")
    shown = dict(line.split() for line in out.splitlines())
    assert shown == {
        "received": f"{events:,}",
        "valid": f"{events:,}",
        "landed": f"{events:,}",
        "duplicate": "0",
        "rejected": "0",
    }
    code, out, _ = load(path, "--json")
    totals = json.loads(out)
    assert (code, totals["landed"], totals["duplicate"]) == (0, 0, events)


def test_without_waiting_only_what_ingest_answered_is_told(
    load: Callable[..., tuple[int, str, str]], visits: tuple[Path, int]
) -> None:
    path, events = visits
    _, out, _ = load(path, "--no-wait", "--json")
    assert json.loads(out) == {
        "received": events,
        "valid": events,
        "rejected": 0,
        "batches": 1,
        "refused_batches": 0,
        "refusals": [],
    }


@pytest.mark.parametrize("door", ["grpc", "http"])
def test_bad_events_are_rejected_by_ingest_alone_with_their_reasons(
    load: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    own: Endpoints,
    clickhouse: Client,
    door: str,
) -> None:
    path = tmp_path / "mixed.ndjson"
    lines = [
        json.dumps(event(1)),
        json.dumps(event(2, eventId="")),
        json.dumps(event(3, eventType="EVENT_TYPE_OF_TOMORROW")),
        json.dumps(event(4, device={"devicePixelRatio": float("nan")})),
        json.dumps(event(5, device={"screenWidth": 12.5})),
        "null",
        json.dumps(event(6))[:-20],
        json.dumps({"projectKey": "gs_other", "events": [event(7), 8]}),
    ]
    path.write_text("\n".join(lines))
    code, out, _ = load(path, "--backfill", "--json", "--door", door)
    totals = json.loads(out)
    assert (code, totals["received"], totals["landed"], totals["rejected"]) == (0, 9, 2, 7)
    assert totals["reasons"] == {
        "missing_event_id": 1,
        "unknown_event_type": 1,
        "invalid_number": 1,
        "malformed_event": 4,
    }
    cut = clickhouse.query(
        "SELECT raw FROM raw.rejected_events WHERE project_id = {p:String} AND position = 6",
        parameters={"p": own.project_id},
    ).result_rows
    assert [json.loads(raw) for (raw,) in cut] == [lines[6]]


def test_a_batch_refused_whole_is_told_and_the_rest_is_loaded(
    load: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "envelopes.ndjson"
    path.write_text('{"events": 5}\n' + json.dumps({"events": [event(1)]}))
    code, out, err = load(path, "--backfill", "--json")
    assert code == 1
    assert (json.loads(out)["landed"], json.loads(out)["refused_batches"]) == (1, 1)
    assert err == f"hxi: batch refused: {path}, line 1: events must be a list\n"


@pytest.mark.parametrize("door", ["grpc", "http"])
def test_a_wrong_key_is_one_line(
    load: Callable[..., tuple[int, str, str]], visits: tuple[Path, int], door: str
) -> None:
    code, out, err = load(visits[0], "--key", "gs_wrong", "--door", door)
    assert (code, out) == (1, "")
    assert err.startswith("hxi: ingest refuses the key")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("gone.ndjson", None, "gone.ndjson: No such file or directory"),
        ("table.csv", b"a,b", "only *.ndjson, *.ndjson.gz, *.binpb can be loaded"),
        ("x.ndjson.gz", b"plain", "not a gzip file"),
        ("x.binpb", b"\x05abc", "message 1 at byte 0: ends after 3 of its 5 bytes"),
    ],
)
def test_a_file_that_is_none_is_one_line(
    load: Callable[..., tuple[int, str, str]],
    visits: tuple[Path, int],
    tmp_path: Path,
    name: str,
    content: bytes | None,
    line: str,
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    code, out, err = load(visits[0], path)
    assert (code, out) == (1, "")
    assert err.startswith(f"hxi: {path}")
    assert line in err
    assert err.count("\n") == 1
