"""What the embedded MongoDB keeps of a document is the document, whichever way it was written."""

import json
from datetime import datetime
from typing import Any

import pytest
from bson import Binary, Int64, ObjectId

from stack.mongodb.storage import decode, encode

KINDS: dict[str, Any] = {
    "text": "é\0\\",
    "number": 1.5,
    "long": Int64(2**62),
    "when": datetime(2026, 1, 2, 3, 4, 5, 678000),  # noqa: DTZ001 - as BSON's decoder gives them
    "binary": Binary(b"\x00\xff", 4),
    "id": ObjectId("5f0000000000000000000000"),
    "list": [True, {"a": []}],
}


def deep(levels: int) -> dict[str, Any]:
    """An object in an object, so many times."""
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"x": inner}
    return inner


@pytest.mark.parametrize("document", [KINDS, {**KINDS, "missing": None}, deep(400)])
def test_a_document_comes_back_as_it_was(document: dict[str, Any]) -> None:
    assert decode(encode(document)) == document


def test_a_null_changes_nothing_of_the_other_fields() -> None:
    plain, with_null = (json.loads(encode(one)) for one in (KINDS, {**KINDS, "missing": None}))
    assert with_null == {**plain, "missing": None}
    assert encode({**KINDS, "missing": None}).startswith(encode(KINDS)[:-1])


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"deep": [{"number": number}]})
