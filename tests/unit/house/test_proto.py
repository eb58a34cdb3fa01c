"""The generated code is what the .proto files say."""

from importlib import import_module
from pathlib import Path

import pytest

PROTO = Path(__file__).resolve().parents[3] / "proto"


@pytest.mark.parametrize("name", ["common", "events", "replay", "ingest"])
def test_generated_code_is_fresh(name: str, tmp_path: Path) -> None:
    protoc = import_module("grpc_tools.protoc")  # it has no types
    include = str(Path(protoc.__file__ or "").parent / "_proto")
    arguments = [
        "protoc",
        f"-I{PROTO}",
        f"-I{include}",
        f"--python_out={tmp_path}",
        f"--pyi_out={tmp_path}",
    ]
    if name == "ingest":
        arguments.append(f"--grpc_python_out={tmp_path}")
    assert protoc.main([*arguments, f"gosight/{name}.proto"]) == 0
    made = sorted((tmp_path / "gosight").iterdir())
    assert made
    for path in made:
        assert (PROTO / "gosight" / path.name).read_text() == path.read_text(), "run `make proto`"
