"""Which documents of outside models are predictions."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from orchestration.raw.outside_prediction import PredictionError, prediction_of

GOOD = {
    "_id": "x",
    "projectId": str(uuid4()),
    "sessionId": str(uuid4()),
    "eventId": None,
    "emotion": "calm",
    "confidence": 1,
    "timestamp": datetime(2026, 1, 2, 3, 4, 5, 678000, UTC),
}


def test_a_prediction_is_taken_as_it_is() -> None:
    found = prediction_of(GOOD)
    assert found.session == (GOOD["projectId"], GOOD["sessionId"])
    assert (found.emotion, found.confidence, found.event_id) == ("calm", 1.0, "")
    assert (found.timestamp, found.model_version) == (1767323045678, "outside")


def test_one_about_an_event_by_a_named_model() -> None:
    event = str(uuid4())
    found = prediction_of(GOOD | {"eventId": event, "modelVersion": "m-2"})
    assert (found.event_id, found.model_version) == (event, "m-2")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"projectId": None}, "projectId"),
        ({"sessionId": str(uuid4()).upper()}, "sessionId"),
        ({"sessionId": 7}, "sessionId"),
        ({"eventId": "click-1"}, "eventId"),
        ({"emotion": ""}, "emotion"),
        ({"emotion": "x" * 51}, "emotion"),
        ({"confidence": True}, "confidence"),
        ({"confidence": 1.01}, "confidence"),
        ({"confidence": float("nan")}, "confidence"),
        ({"confidence": "0.5"}, "confidence"),
        ({"timestamp": "2026-01-02"}, "timestamp"),
        ({"timestamp": datetime(1989, 12, 31, tzinfo=UTC)}, "timestamp"),
        ({"modelVersion": None}, "modelVersion"),
    ],
)
def test_a_document_that_is_no_prediction_says_which_field_is_wrong(
    change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(PredictionError, match=f"^{reason} "):
        prediction_of(GOOD | change)
