"""The generated code is what the .proto files say."""

import sys
from pathlib import Path

import pytest
from grpc_tools import protoc

PROTO = Path(__file__).resolve().parents[3] / "proto"


@pytest.mark.parametrize("name", ["common", "events", "replay", "ingest"])
def test_generated_code_is_fresh(name: str, tmp_path: Path) -> None:
    include = str(Path(sys.modules[protoc.__name__].__file__ or "").parent / "_proto")
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
