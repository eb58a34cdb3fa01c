import socket
import stat
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from hxi.admin import folder as folder_module
from hxi.admin.errors import BusyError, UserError
from hxi.admin.folder import DataFolder, is_held
from stack import ports
from stack.ports import Ports, choose, is_free, require_free


def test_passwords_are_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path / "a")
    passwords = folder.passwords()
    assert folder.passwords() == passwords
    assert DataFolder.at(tmp_path / "b").passwords() != passwords
    assert len(set(astuple(passwords))) == len(astuple(passwords))
    assert stat.S_IMODE((folder.path / "passwords.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "LOCK_SECONDS", 0.1)
    folder = DataFolder.at(tmp_path)
    assert not is_held(tmp_path)
    with folder.locked():
        assert is_held(tmp_path)
        with pytest.raises(BusyError, match=r"runs on .* already"), folder.locked():
            pass
    assert not is_held(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file/data cannot be the data folder \(Not a directory\)"):
        DataFolder.at(tmp_path / "file" / "data")


def test_fixed_ports_are_a_block_outside_the_usual_and_the_clients_range() -> None:
    numbers = astuple(Ports())
    assert numbers == tuple(range(28300, 28309))
    assert choose("fixed") == Ports()


def test_auto_ports_differ_and_are_free_and_no_client_gets_them() -> None:
    numbers = astuple(choose("auto"))
    assert len(set(numbers)) == 9
    assert all(is_free(number) for number in numbers)
    assert max(numbers) < 32768


def test_auto_ports_stay_the_same_but_for_those_somebody_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "RELEASE_SECONDS", 0.1)
    kept = tmp_path / "ports.json"
    first = choose("auto", kept)
    assert choose("auto", kept) == first
    with socket.socket() as taken:
        taken.bind((ports.HOST, first.redis))
        taken.listen()
        second = choose("auto", kept)
    assert replace(second, redis=first.redis) == first
    assert second.redis != first.redis
    assert choose("auto", kept) == second


def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "RELEASE_SECONDS", 0.1)
    with socket.socket() as taken:
        taken.bind((ports.HOST, 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(BusyError, match=rf"port {number} \(redis\) is taken"):
            require_free("redis", number)
    require_free("redis", number)


def test_dbt_writes_to_the_data_folder_where_the_checkout_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder_module.dbt_target(tmp_path) == {}
    monkeypatch.setattr(folder_module, "CHECKOUT", tmp_path / "not there, so not writable")
    wanted = {"DBT_TARGET_PATH": str(tmp_path / "dbt" / "target")}
    assert folder_module.dbt_target(tmp_path) == wanted
