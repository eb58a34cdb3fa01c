from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from hxi.admin.errors import MigrationError
from hxi.admin.migrations import Migration, migrate, read_folder


class FakeTarget:
    """Keeps the history in memory, as both engines do in a table."""

    def __init__(self) -> None:
        self.history: dict[int, str] = {}
        self.ran: list[str] = []

    def locked(self) -> AbstractContextManager[None]:
        return nullcontext()

    def applied(self, component: str) -> dict[int, str]:
        return dict(self.history)

    def run(self, component: str, migration: Migration, *, up: bool) -> None:
        self.ran.append(f"{'+' if up else '-'}{migration.version}")
        if up:
            self.history[migration.version] = migration.checksum
        else:
            del self.history[migration.version]


def write(folder: Path, version: int, name: str = "a", up: str = "SELECT 1;") -> None:
    (folder / f"{version:04d}_{name}.up.sql").write_text(up)
    (folder / f"{version:04d}_{name}.down.sql").write_text("SELECT 0;")


def test_versions_go_up_in_order_and_down_in_reverse(tmp_path: Path) -> None:
    for version in (10, 2, 1):
        write(tmp_path, version)
    target = FakeTarget()
    migrate(target, "c", tmp_path)
    migrate(target, "c", tmp_path)
    migrate(target, "c", tmp_path, 1)
    migrate(target, "c", tmp_path, 2)
    assert target.ran == ["+1", "+2", "+10", "-10", "-2", "+2"]


def test_an_edited_applied_migration_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, 1)
    target = FakeTarget()
    migrate(target, "c", tmp_path)
    write(tmp_path, 1, up="SELECT 2;")
    with pytest.raises(MigrationError, match=r"c: 0001_a\.up\.sql was edited"):
        migrate(target, "c", tmp_path)


def test_a_migration_said_in_other_words_is_no_edit_where_it_names_the_ones_before(
    tmp_path: Path,
) -> None:
    write(tmp_path, 1)
    target = FakeTarget()
    (applied,) = migrate(target, "c", tmp_path)
    write(tmp_path, 1, up=f"SELECT 1 + 0;\n\n-- Replaces {applied.checksum}: shorter.\n")
    assert migrate(target, "c", tmp_path) == []
    target.history[1] = "another"
    with pytest.raises(MigrationError, match=r"was edited"):
        migrate(target, "c", tmp_path)


def test_line_ends_of_another_system_are_no_edit(tmp_path: Path) -> None:
    target = FakeTarget()
    write(tmp_path, 1, up="SELECT 1,\n2;\n")
    migrate(target, "c", tmp_path)
    (tmp_path / "0001_a.up.sql").write_bytes(b"SELECT 1,\r\n2;\r\n")
    assert migrate(target, "c", tmp_path) == []


def test_a_version_unknown_to_this_release_is_refused(tmp_path: Path) -> None:
    target = FakeTarget()
    target.history = {7: "x"}
    with pytest.raises(MigrationError, match="0007 is applied but not in"):
        migrate(target, "c", tmp_path)


def test_a_migration_without_its_down_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_a.up.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="0001_a lacks"):
        read_folder(tmp_path)


def test_two_migrations_of_one_number_are_refused(tmp_path: Path) -> None:
    write(tmp_path, 1, "a")
    write(tmp_path, 1, "b")
    with pytest.raises(MigrationError, match="two migrations have the number 0001"):
        read_folder(tmp_path)


def test_a_misnamed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="NNNN_name"):
        read_folder(tmp_path)
