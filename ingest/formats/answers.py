"""What adapters answer to an SDK: plain bodies, and the files and settings it asks for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

JSON = "application/json"
JAVASCRIPT = "application/javascript; charset=utf-8"
# One pixel that cannot be seen, for trackers that ask by way of an image.
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer without the headers that every answer has."""

    body: bytes
    content_type: str = JSON
    status: int = 200


def of_json(value: Any) -> Answer:
    """200 with a JSON body."""
    return Answer(orjson.dumps(value))


def missing(reason: str) -> Answer:
    """404 with one line that says what to do."""
    return Answer(orjson.dumps({"error": reason}), status=404)


def script(folder: Path | None, package: str, name: str) -> Answer:
    """A script of an npm package that lies in `folder`, a node_modules."""
    if folder is None:
        return missing(f"scripts of {package} are not here: set HXI_INGEST_SDK_DIR (docs/sdks.md)")
    file = folder / package / "dist" / name
    if not file.is_file():
        return missing(f"{package} in HXI_INGEST_SDK_DIR has no dist/{name}")
    return Answer(file.read_bytes(), JAVASCRIPT)
