"""Reads back what outside models wrote to MongoDB's emotion_predictions, into raw.predictions."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from clickhouse_connect.driver.client import Client
from pymongo import MongoClient

from ingest.decode.rows import Row
from ingest.landing.landing import add_to_index
from ingest.schema.mongo import EMOTION_PREDICTIONS
from ingest.sinks.clickhouse import ClickHouseSink
from ingest.sinks.interface import Session
from ingest.sinks.mongodb import translated
from ingest.sinks.names import PREDICTIONS
from orchestration.raw.outside_prediction import (
    OUR_SOURCE,
    Prediction,
    PredictionError,
    prediction_of,
)

Predictions = tuple[Prediction, ...]
# Sessions brought up to date at once.
SESSIONS = 500
_COLUMNS = (
    "project_id, toString(session_id) AS session, prediction_id,"
    " ifNull(toString(event_id), '') AS event, emotion, confidence,"
    " toUnixTimestamp64Milli(timestamp), model_version"
)


@dataclass
class ReadBack:
    """`sessions` are those whose predictions came, changed or went; `refused` counts by reason."""

    predictions: int = 0
    sessions: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def read_back(
    mongo: "MongoClient[dict[str, Any]]", clickhouse: Client, project_id: str | None = None
) -> ReadBack:
    """Make raw.predictions what MongoDB holds, of one project or of all; changes bump the index.

    Both sides are read whole, in the order of sessions, so changed and deleted documents are
    noticed as well; memory is bounded by the predictions of a few hundred sessions. A session's
    index is bumped before its rows are replaced: whoever dies between the two finds the difference
    again. Only one process may be at it (the run's lease). StoreError: call again.
    """
    rows = ClickHouseSink(lambda: clickhouse)
    done = ReadBack()
    unequal = _unequal(
        _by_session(_of_mongodb(mongo, project_id, done)),
        _by_session(_of_clickhouse(rows, project_id)),
    )
    while some := dict(islice(unequal, SESSIONS)):
        _replace(rows, some, done)
    return done


def _of_mongodb(
    mongo: "MongoClient[dict[str, Any]]", project_id: str | None, done: ReadBack
) -> Iterator[Prediction]:
    wanted: dict[str, Any] = {"source": {"$ne": OUR_SOURCE}}
    if not _count(mongo, wanted):
        return
    if project_id:
        wanted["projectId"] = {"$eq": project_id}
    with translated(), EMOTION_PREDICTIONS.of(mongo).find(wanted) as found:
        for document in found.sort([("projectId", 1), ("sessionId", 1)]):
            try:
                prediction = prediction_of(document)
            except PredictionError as error:
                done.refused[str(error)] += 1
            else:
                done.predictions += 1
                yield prediction


def _count(mongo: "MongoClient[dict[str, Any]]", wanted: dict[str, Any]) -> int:
    """Of an index: mostly there is none, among one of ours a session."""
    spec = EMOTION_PREDICTIONS
    with translated():
        return int(mongo[spec.database].command("count", spec.name, query=wanted)["n"])


def _of_clickhouse(rows: ClickHouseSink, project_id: str | None) -> Iterator[Prediction]:
    for project, session, *values in rows.stream(
        f"SELECT {_COLUMNS} FROM {PREDICTIONS} WHERE %(project)s IN ('', project_id)"
        " ORDER BY project_id, session",
        {"project": project_id or ""},
    ):
        yield Prediction((project, session), *values)


def _by_session(predictions: Iterator[Prediction]) -> Iterator[tuple[Session, Predictions]]:
    for session, some in groupby(predictions, key=lambda one: one.session):
        yield session, tuple(sorted(some))


def _unequal(
    left: Iterator[tuple[Session, Predictions]], right: Iterator[tuple[Session, Predictions]]
) -> Iterator[tuple[Session, Predictions]]:
    """Sessions whose predictions differ, with those of `left`; both sides are in order."""
    first = ((session, True, some) for session, some in left)
    second = ((session, False, some) for session, some in right)
    for session, sides in groupby(merge(first, second, key=itemgetter(0)), key=itemgetter(0)):
        found = {is_left: some for _, is_left, some in sides}
        if found.get(True, ()) != found.get(False, ()):
            yield session, found.get(True, ())


def _replace(rows: ClickHouseSink, wanted: dict[Session, Predictions], done: ReadBack) -> None:
    erased = rows.erased(wanted).keys()
    for session in erased & wanted.keys():
        if lost := len(wanted[session]):
            done.refused["the session was erased"] += lost
    here = {session: some for session, some in wanted.items() if session not in erased}
    add_to_index(rows, list(here))
    _delete(rows, list(wanted))
    if came := [_row(one) for some in here.values() for one in some]:
        rows.insert(PREDICTIONS, came)
    # An erasure may have begun after the first look.
    _delete(rows, list(rows.erased(here)))
    done.sessions += len(here)


def _delete(rows: ClickHouseSink, sessions: Sequence[Session]) -> None:
    for project, some in groupby(sorted(sessions), key=itemgetter(0)):
        rows.command(
            f"DELETE FROM {PREDICTIONS}"
            " WHERE project_id = %(project)s AND session_id IN %(sessions)s",
            {"project": project, "sessions": [session for _, session in some]},
        )


def _row(one: Prediction) -> Row:
    project_id, session_id = one.session
    return {
        "project_id": project_id,
        "session_id": session_id,
        "prediction_id": one.prediction_id,
        "event_id": one.event_id or None,
        "emotion": one.emotion,
        "confidence": one.confidence,
        "timestamp": one.timestamp,
        "model_version": one.model_version,
    }
