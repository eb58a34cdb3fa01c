"""`hxi simulate`: the same options give the same bytes, in every form, beside their plan."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.protobuf import json_format
from gosight.ingest_pb2 import EventBatch

from hxi.command import main
from hxi.load.files import packets
from simulate import Truth
from simulate.sample import sample_batches, sample_plan

END = "2026-03-09T00:00:00Z"


def simulate(out: Path, *options: str, sessions: int = 60, seed: int = 5) -> Path:
    plan = ["--sessions", str(sessions), "--seed", str(seed), "--end", END]
    main(["simulate", *plan, "--out", str(out), *options])
    return out


def batches_of(path: Path) -> list[EventBatch]:
    """Read by the loader's own reader."""
    return [
        json_format.Parse(packet.body, EventBatch())
        if packet.is_json
        else EventBatch.FromString(packet.body)
        for packet in packets(path, "")
    ]


@pytest.mark.parametrize("name", ["a.binpb", "a.ndjson", "a.ndjson.gz"])
def test_the_same_options_give_the_same_bytes_and_another_seed_others(
    tmp_path: Path, name: str
) -> None:
    first = simulate(tmp_path / name).read_bytes()
    assert simulate(tmp_path / f"again_{name}").read_bytes() == first
    assert simulate(tmp_path / f"other_{name}", seed=6).read_bytes() != first


def test_every_form_holds_the_same_batches(tmp_path: Path) -> None:
    plain = batches_of(simulate(tmp_path / "a.binpb"))
    assert len(plain) > 1
    assert batches_of(simulate(tmp_path / "a.ndjson")) == plain
    assert batches_of(simulate(tmp_path / "a.ndjson.gz")) == plain


def test_without_a_file_the_events_go_to_stdout_and_the_sums_to_stderr(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    main(["simulate", "--sessions", "60", "--seed", "5", "--end", END])
    shown, said = capfdbinary.readouterr()
    assert shown == simulate(tmp_path / "a.ndjson").read_bytes()
    assert b"60 sessions" in said


def test_the_truth_has_a_line_for_each_session_and_its_sums(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth_file = tmp_path / "truth.ndjson"
    batches = batches_of(simulate(tmp_path / "a.binpb", "--truth", str(truth_file), "--json"))
    *lines, last = [json.loads(line) for line in truth_file.read_text().splitlines()]
    sessions = [line["session"] for line in lines]
    totals = last["totals"]
    sent = [event for batch in batches for event in batch.events]
    events = Counter(event.session_id for event in sent if not event.HasField("replay"))
    planned = Counter({one["session_id"]: one["event_count"] + one["doubled"] for one in sessions})
    assert planned == events
    doubled = sum(one["doubled"] for one in sessions)
    assert (totals["sessions"], totals["events"] + doubled) == (60, events.total())
    assert 0 < totals["replay_payloads"] == len(sent) - events.total()
    said = json.loads(capsys.readouterr().out)
    assert said == totals | {"batches": len(batches)}


def test_events_lie_within_the_days_before_the_end(tmp_path: Path) -> None:
    batches = batches_of(simulate(tmp_path / "a.binpb", "--days", "2"))
    end = datetime.fromisoformat(END).timestamp() * 1000
    times = [event.timestamp.millis for batch in batches for event in batch.events]
    assert end - 2 * 86_400_000 <= min(times) <= max(times) < end


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        (["--out", "a.csv"], 1, "name the file *.binpb, *.ndjson, *.ndjson.gz"),
        (["--out", "no/such/folder/a.binpb"], 1, "cannot write no/such/folder/a.binpb"),
        (["--sessions", "0"], 2, "at least one session"),
        (["--end", "tomorrow"], 2, "tomorrow is no ISO 8601 time"),
    ],
)
def test_bad_use_is_told(
    options: list[str], code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *options])
    assert ended.value.code == code
    assert line in capsys.readouterr().err


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=366), timedelta(days=20_000)])
def test_the_sample_never_ages_out_and_never_lies_ahead(later: timedelta) -> None:
    now = datetime(2026, 3, 9, 0, 0, 1, tzinfo=UTC) + later
    midnight = now.replace(second=0)
    truth = Truth()
    for _ in sample_batches(midnight, truth):
        pass
    milliseconds = midnight.timestamp() * 1000
    week = 7 * 86_400_000
    assert milliseconds - week <= truth.totals.first_at
    assert truth.totals.last_at < milliseconds
    assert truth.totals.sessions == 400


def test_the_sample_ends_at_the_last_midnight_with_the_same_ids_every_day() -> None:
    before, end, after = datetime.now(UTC), sample_plan().end, datetime.now(UTC)
    assert end <= after
    assert before - end < timedelta(days=1)
    ids = [
        {event.event_id for batch in sample_batches(end) for event in batch.events}
        for end in (datetime(2026, 3, 9, tzinfo=UTC), datetime(2027, 3, 9, tzinfo=UTC))
    ]
    assert ids[0] == ids[1]
