"""Libraries are loaded while the stores start; what cannot be, ends whoever needs it."""

import gc
import sys
from pathlib import Path

import pytest

from hxi.imports import load_ahead


def test_modules_are_loaded_in_order_and_one_that_cannot_be_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "loaded_ahead.py").write_text("import gc\nwas_looking = gc.isenabled()\n")
    load_ahead(["loaded_ahead", "never_written"]).join(30)
    assert sys.modules["loaded_ahead"].was_looking is False, "for garbage"
    assert gc.isenabled()
    monkeypatch.delitem(sys.modules, "loaded_ahead")
