"""Protobuf-JSON to messages as json_format.ParseDict reads it, but unknown fields pass."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from gosight.events_pb2 import Event

Json = dict[str, Any]
Read = Callable[[Any], Any]

_DIGITS = re.compile(r"-?[0-9]{1,19}")


class JsonValueError(ValueError):
    """A value that does not fit its field; the text names the field."""


def event_from_json(value: Any) -> Event:
    """JsonValueError when `value` is no protobuf-JSON Event."""
    if not isinstance(value, dict):
        raise JsonValueError("an event must be an object")
    fields = _object(Event.DESCRIPTOR.full_name, Event.DESCRIPTOR)(value)
    payloads = [name for name in fields if name in _PAYLOADS]
    if len(payloads) > 1:
        raise JsonValueError(f"an event has one payload, not {' and '.join(payloads)}")
    try:
        return Event(**fields)
    except (ValueError, TypeError) as error:  # out of a field's range, or text that is no Unicode
        raise JsonValueError(str(error)) from error


_PAYLOADS = {field.name for field in Event.DESCRIPTOR.oneofs_by_name["payload"].fields}


@cache
def _object(_name: str, descriptor: Descriptor) -> Read:
    """Reads an object into keyword arguments of the message; null is an absent field."""
    readers: dict[str, tuple[str, Read]] = {}
    for field in descriptor.fields:
        readers[field.name] = readers[field.json_name] = (field.name, _reader(field))

    def read(value: Any) -> Json:
        if not isinstance(value, dict):
            raise JsonValueError(f"{descriptor.name} must be an object")
        fields: Json = {}
        for key, inner in value.items():
            found = readers.get(key)
            if found is None or inner is None:
                continue
            name, reader = found
            try:
                fields[name] = reader(inner)
            except JsonValueError as error:
                raise JsonValueError(f"{name}: {error}") from error
        return fields

    return read


def _reader(field: FieldDescriptor) -> Read:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        return _text_map
    one = _one_reader(field)
    return _list(one) if field.is_repeated else one


def _list(one: Read) -> Read:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise JsonValueError("must be a list")
        if None in value:
            raise JsonValueError("a list must not hold null")
        return [one(inner) for inner in value]

    return read


def _one_reader(field: FieldDescriptor) -> Read:
    message, enum = field.message_type, field.enum_type
    if message is not None:
        return _object(message.full_name, message)
    if enum is not None:
        return _enum(enum)
    return _SCALARS[field.type]


def _text_map(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise JsonValueError("must be an object")
    for text in value.values():
        if not isinstance(text, str):
            raise JsonValueError("all values must be texts")
    return value


def _enum(enum: EnumDescriptor) -> Read:
    """An unknown name is an error, except of the event's type, which has a reason of its own."""
    numbers = {name: value.number for name, value in enum.values_by_name.items()}
    is_event_type = enum.full_name == "gosight.EventType"

    def read(value: Any) -> int:
        if isinstance(value, str):
            if value in numbers:
                return numbers[value]
            if is_event_type and not value.lstrip("-").isdecimal():
                return 0
        return _integer(value)

    return read


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise JsonValueError("must be a text")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise JsonValueError("must be true or false")
    return value


def _integer(value: Any) -> int:
    """A number, or a text of digits; 12.0 is 12 and 12.5 is an error. upb checks the range."""
    if isinstance(value, bool):
        raise JsonValueError("must be a whole number")
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    raise JsonValueError(f"must be a whole number, not {str(value)[:40]}")


def _number(value: Any) -> float:
    """NaN and the infinities pass here: they are refused with a reason of their own."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    raise JsonValueError(f"must be a number, not {str(value)[:40]}")


def _bytes(value: Any) -> bytes:
    """Base64, standard or URL-safe, padded or not."""
    text = _text(value)
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    try:
        return b64decode(padded, validate=True)
    except (Base64Error, ValueError) as error:
        raise JsonValueError("must be base64") from error


_SCALARS: dict[int, Read] = {
    FieldDescriptor.TYPE_STRING: _text,
    FieldDescriptor.TYPE_BOOL: _boolean,
    FieldDescriptor.TYPE_BYTES: _bytes,
    FieldDescriptor.TYPE_FLOAT: _number,
    FieldDescriptor.TYPE_DOUBLE: _number,
    FieldDescriptor.TYPE_INT32: _integer,
    FieldDescriptor.TYPE_INT64: _integer,
    FieldDescriptor.TYPE_UINT32: _integer,
    FieldDescriptor.TYPE_UINT64: _integer,
}
