"""A prediction as an outside model writes it to MongoDB: what is taken, and why one is refused."""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from uuid import UUID

from ingest.decode.documents import Document, to_millis
from ingest.sinks.interface import Session

# Who wrote a document of the rules; documents of outside models have another source, or none.
OUR_SOURCE = "rules"
UNNAMED_MODEL = "outside"
# The columns of PostgreSQL's hxi.emotion_predictions.
MAX_CHARS = 50
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class PredictionError(Exception):
    """A document that is no prediction; the message says why."""


@dataclass(frozen=True, order=True)
class Prediction:
    """`timestamp` in ms; `event_id` is '' for a prediction of the whole session."""

    session: Session
    prediction_id: str
    event_id: str
    emotion: str
    confidence: float
    timestamp: int
    model_version: str


def prediction_of(document: Document) -> Prediction:
    """PredictionError when a field is missing or wrong. Ids are as ingest writes them."""
    event_id = document.get("eventId")
    return Prediction(
        session=(_uuid(document, "projectId"), _uuid(document, "sessionId")),
        prediction_id=str(document["_id"]),
        event_id="" if event_id is None else _uuid(document, "eventId"),
        emotion=_text(document, "emotion"),
        confidence=_confidence(document.get("confidence")),
        timestamp=_time(document.get("timestamp")),
        model_version=_text({"modelVersion": UNNAMED_MODEL} | document, "modelVersion"),
    )


def _uuid(document: Document, name: str) -> str:
    text = document.get(name)
    try:
        if isinstance(text, str) and str(UUID(text)) == text:
            return text
    except ValueError:
        pass
    raise PredictionError(f"{name} is no lower-case UUID with dashes")


def _text(document: Document, name: str) -> str:
    text = document.get(name)
    if not isinstance(text, str) or not 0 < len(text) <= MAX_CHARS or "\0" in text:
        raise PredictionError(f"{name} is no text of 1 to {MAX_CHARS} characters")
    return text


def _confidence(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not isfinite(value) or not 0 <= value <= 1:
        raise PredictionError("confidence is no number from 0 to 1")
    return float(value)


def _time(value: Any) -> int:
    if not isinstance(value, datetime):
        raise PredictionError("timestamp is no date")
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    if not EARLIEST <= moment < LATEST:
        raise PredictionError("timestamp is not between 1990 and 2100")
    return to_millis(moment)
