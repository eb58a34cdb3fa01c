"""Documents as neosqlite keeps them: JSON, with objects of its own for what JSON lacks."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from bson import Binary, ObjectId

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - as BSON's decoder gives them: UTC without a zone


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$date": value.isoformat()}
    if isinstance(value, ObjectId):
        return {"__neosqlite_objectid__": True, "id": str(value)}
    if isinstance(value, bytes):
        data, subtype = b64encode(value).decode(), getattr(value, "subtype", 0)
        return {"__neosqlite_binary__": True, "data": data, "subtype": subtype}
    raise TypeError(f"values of type {type(value).__name__} cannot be kept")


def _restored(value: dict[str, Any]) -> Any:
    if "$date" in value and len(value) == 1:
        return _moment(value["$date"])
    if "__neosqlite_objectid__" in value:
        return ObjectId(value["id"])
    if "__neosqlite_binary__" in value:
        return Binary(b64decode(value["data"]), value.get("subtype", 0))
    return value


def _moment(stored: str | float) -> datetime:
    if not isinstance(stored, str):
        return EPOCH + timedelta(milliseconds=stored)
    moment = datetime.fromisoformat(stored)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


_encode_strictly = json.JSONEncoder(
    default=_stored, allow_nan=False, ensure_ascii=False, separators=(",", ":")
).encode


def encode(document: dict[str, Any]) -> str:
    """NaN and infinities are no JSON: ValueError.

    orjson takes a third of the time and writes null for them, so whatever has a null is written
    again, as is what it refuses (too deep).
    """
    try:
        text = orjson.dumps(document, _stored, orjson.OPT_PASSTHROUGH_DATETIME)
    except orjson.JSONEncodeError:
        return _encode_strictly(document)
    return _encode_strictly(document) if b"null" in text else text.decode()


decode = json.JSONDecoder(object_hook=_restored).decode
