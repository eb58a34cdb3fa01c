"""What projects say of how long they keep what, and cold storage in a folder."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest

from orchestration.definitions import defs
from orchestration.retention import cold
from orchestration.retention.limits import Limits
from orchestration.retention.storage import storage_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SESSION = ("p", "00000000-0000-0000-0000-000000000001")


def test_a_project_counts_its_own_days_and_those_of_all_where_it_says_nothing() -> None:
    own = storage_of({"rawDays": 30, "replay": "cold"})
    cut_offs = Limits().at(NOW).with_projects({"p": own})
    project = cut_offs.projects["p"]
    assert project.raw_before == NOW - timedelta(days=30)
    assert (project.replay_before, project.marts_before) == (
        cut_offs.replay_before,
        cut_offs.marts_before,
    )
    assert (project.moves_replays, cut_offs.moves_replays) == (True, False)


@pytest.mark.parametrize("value", [-1, "7", True, None, 1e9, float("nan")])
def test_days_that_cannot_be_used_count_as_unset(value: object) -> None:
    assert storage_of({"rawDays": value}).days == {}


def test_cold_storage_without_an_address_is_told_in_one_line() -> None:
    with pytest.raises(cold.ColdStorageError, match="HXI_COLD_STORAGE_URL is not set"):
        cold.opened("")
    with pytest.raises(cold.ColdStorageError, match="cannot be used"):
        cold.opened("nowhere")


def test_files_of_one_session_in_a_folder_are_read_and_deleted_in_order(tmp_path: Path) -> None:
    store = cold.opened(tmp_path.as_uri())
    other = "p/00000000-0000-0000-0000-000000000002.json.gz"
    for number in (10, 2, 1):
        cold.put(store, SESSION, number, b"[%d]" % number)
    obstore.put(store, other, b"")
    assert list(cold.read(store, SESSION)) == [b"[1]", b"[2]", b"[10]"]
    assert cold.delete(store, SESSION) == 3
    assert [path.name for path in (tmp_path / "p").iterdir()] == [Path(other).name]
    assert cold.sessions(store, "p") == {"00000000-0000-0000-0000-000000000002"}


def test_what_is_promised_to_people_is_switched_on_from_the_start() -> None:
    repository = defs.get_repository_def()
    starts = {one.name: one.default_status.value for one in repository.schedule_defs}
    starts |= {one.name: one.default_status.value for one in repository.sensor_defs}
    assert {name for name, status in starts.items() if status == "RUNNING"} == {
        "expire_every_day",
        "erase_when_asked",
        "reports_every_week",
    }
