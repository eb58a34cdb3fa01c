"""Our handler reaches into one release of nx-27017; on another the server runs without it."""

import logging
from importlib.metadata import version
from pathlib import Path

import pytest

from stack.mongodb.__main__ import PINNED, handler_for
from stack.mongodb.handler import Handler


def test_the_installed_release_is_the_pinned_one(tmp_path: Path) -> None:
    installed = {name: version(name) for name in PINNED}
    handler = handler_for(installed, tmp_path)
    handler.close_all()
    assert isinstance(handler, Handler)


def test_another_release_runs_as_it_is_synced_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        handler = handler_for({**PINNED, "nx-27017": "0.9.0"}, tmp_path)
    try:
        synchronous = handler.get_database("some").db.execute("PRAGMA synchronous").fetchone()
    finally:
        handler.close_all()
    assert not isinstance(handler, Handler)
    assert synchronous == (2,)
    assert "runs without corrections" in caplog.text
