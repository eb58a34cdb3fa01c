"""PostgreSQL refuses to run as root, and the user it runs as must reach a clone in root's home."""

import os
import shutil
from pathlib import Path

import pytest

from hxi.admin.folder import Passwords
from stack.stores import postgres


@pytest.fixture
def private_home(tmp_path: Path) -> Path:
    """A folder for root alone, with the server's programs in it."""
    if os.geteuid() != 0:
        pytest.skip("only root has to change to another user for PostgreSQL")
    package = postgres._binary("postgres").parents[2]
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for part in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, home / part.relative_to(package.parent))
    return home


def test_the_server_reaches_its_files_where_only_root_may_enter(
    private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = private_home / postgres.PACKAGE / "pginstall18" / "bin"
    monkeypatch.setattr(postgres, "_binary", lambda name: programs / name)
    files = private_home / "a clone" / "postgres"
    files.parent.mkdir(mode=0o700)
    uid = postgres._server_uid(files)
    postgres._make_cluster(files, uid, Passwords())
    assert (files / "data" / "PG_VERSION").read_text() == "18\n"
    assert (files / "data").stat().st_uid == uid != 0
