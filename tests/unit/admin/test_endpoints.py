import stat
from pathlib import Path

import pytest

from hxi.admin.endpoints import Endpoints, endpoints_file, resolve
from hxi.admin.errors import NoStackError
from hxi.admin.folder import DataFolder
from hxi.admin.urls import with_database, without_user

HERE = Endpoints(
    "http://u:p@h:1",
    "mongodb://h",
    "postgresql://h/hxi_dashboard",
    "",
    "http://h:2",
    "h:3",
    "i",
    "k",
)


def test_variables_that_name_all_stores_are_taken() -> None:
    assert resolve(None, HERE.environment()) == HERE


def test_a_running_stack_is_found_by_its_folder(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path)
    with folder.locked():
        HERE.save(tmp_path)
        assert resolve(tmp_path, {}) == HERE
        assert resolve(tmp_path, {"HXI_CLICKHOUSE_URL": "http://elsewhere"}) == HERE


def test_the_folder_option_wins_over_the_variables(tmp_path: Path) -> None:
    with pytest.raises(NoStackError, match="no stack runs on"):
        resolve(tmp_path, HERE.environment())


def test_what_a_crashed_stack_left_behind_does_not_count(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path)
    HERE.save(folder.path)
    assert endpoints_file(tmp_path).exists()
    with pytest.raises(NoStackError, match="start one with `hxi up`"):
        resolve(tmp_path, {})


def test_some_stores_named_and_no_stack_names_the_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoStackError, match="HXI_MONGODB_URI and HXI_POSTGRES_DSN must be set"):
        resolve(None, {"HXI_CLICKHOUSE_URL": "http://h"})


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    HERE.save(tmp_path)
    assert stat.S_IMODE(endpoints_file(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://u:p@h:1", "http://h:1"),
        ("redis://:p@h:1/0", "redis://h:1/0"),
        ("mongodb://h:1", "mongodb://h:1"),
        ("postgresql://u:a%40b@h:1/d", "postgresql://h:1/d"),
    ],
)
def test_shown_addresses_hold_no_password(url: str, shown: str) -> None:
    assert without_user(url) == shown


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://u:p@h:1", "http://u:p@h:1/gosight"),
        ("https://h:1/?secure=1", "https://h:1/gosight?secure=1"),
        ("http://h/other", "http://h/other"),
    ],
)
def test_an_address_gets_a_default_database_unless_it_names_one(url: str, named: str) -> None:
    assert with_database(url, "gosight") == named
