"""Recordings of real visits, loaded through ingest: everything lands once, in both stores."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from hxi.admin.endpoints import Endpoints
from hxi.load import Options, load_files

EVENTS = 1_425


def test_the_same_visits_in_both_forms_land_once(
    own: Endpoints, shared_data: Path, kept: Callable[[], Any], clickhouse: Client
) -> None:
    first = load_files(own, [shared_data / "human_mouse.ndjson.gz"], Options(backfill=True))
    assert (first.received, first.valid, first.landed, first.duplicate) == (
        EVENTS,
        EVENTS,
        EVENTS,
        0,
    )
    second = load_files(own, [shared_data / "human_mouse.binpb"], Options(backfill=True))
    assert (second.received, second.valid, second.landed) == (EVENTS, EVENTS, 0)
    assert second.duplicate == EVENTS
    assert (first.rejected, second.rejected, first.reasons, second.reasons) == (0, 0, {}, {})

    assert kept().clickhouse == kept().mongodb == (EVENTS, 0)
    counts = clickhouse.query(
        "SELECT uniqExact(session_id), countIf(event_type = 'click'), countIf(event_type ="
        " 'page_view') FROM raw.events FINAL WHERE project_id = {p:String}",
        parameters={"p": own.project_id},
    )
    assert counts.result_rows == [(10, 473, 20)]


def test_a_replay_is_kept_apart_from_the_events(
    own: Endpoints, shared_data: Path, kept: Callable[[], Any]
) -> None:
    options = Options(backfill=True, door="grpc")
    totals = load_files(own, [shared_data / "rrweb_page.ndjson.gz"], options)
    assert (totals.received, totals.valid, totals.landed, totals.rejected) == (310, 310, 310, 0)
    assert kept().clickhouse == kept().mongodb == (38, 272)


def test_old_events_are_rejected_unless_they_are_a_backfill(
    own: Endpoints, tmp_path: Path, kept: Callable[[], Any]
) -> None:
    path = tmp_path / "old.ndjson"
    path.write_text(
        '{"eventId":"7f69ca3a-4ba7-5d86-bb73-c8153534723f","timestamp":{"millis":"946684800000"},'
        '"sessionId":"7d980fc3-5143-5b00-a336-c6e06a67e33b","eventType":"EVENT_TYPE_PAGE_VISIBLE"}'
    )
    assert load_files(own, [path]).reasons == {"timestamp_too_old": 1}
    assert kept().mongodb == (0, 0)
    assert load_files(own, [path], Options(backfill=True)).landed == 1
    assert kept().mongodb == (1, 0)
