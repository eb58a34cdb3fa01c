"""BSON's order and equality of values, and paths into documents."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import isnan
from typing import Any, Final

from bson import ObjectId

from stack.mongodb.errors import MongoError

Document = dict[str, Any]
Key = tuple[Any, ...]


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()
NULL, NUMBER, STRING, OBJECT, ARRAY, BINARY, OBJECT_ID, BOOL, DATE = range(1, 10)
_RANKS: dict[type, int] = {str: STRING, dict: OBJECT, list: ARRAY, bool: BOOL}


def rank(value: Any) -> int:
    """Where the value's type stands among the others; a missing value comes before null."""
    found = _RANKS.get(type(value))
    if found is not None:
        return found
    if value is MISSING:
        return 0
    if value is None:
        return NULL
    for kind, number in _OTHERS:
        if isinstance(value, kind):
            return number
    raise MongoError(14, f"values of type {type(value).__name__} cannot be compared here")


_OTHERS: tuple[tuple[type | tuple[type, ...], int], ...] = (
    ((int, float), NUMBER),
    (str, STRING),
    (datetime, DATE),
    (ObjectId, OBJECT_ID),
    (bytes, BINARY),
)


def key(value: Any) -> Key:
    """Orders and equals as MongoDB does: 1 and 1.0 are one, 1 and true are not. Hashable."""
    kind = rank(value)
    if kind == NUMBER:
        return (kind, (0,)) if isnan(value) else (kind, (1, value))
    if kind == OBJECT:
        return kind, tuple((rank(one), name, key(one)[1]) for name, one in value.items())
    if kind == ARRAY:
        return kind, tuple(key(one) for one in value)
    if kind == BINARY:
        return kind, (len(value), getattr(value, "subtype", 0), bytes(value))
    if kind == OBJECT_ID:
        return kind, value.binary
    return kind, None if kind <= NULL else value


def same(left: Any, right: Any) -> bool:
    """Equality of values; a missing value equals no null."""
    return key(left) == key(right)


def is_number(value: Any) -> bool:
    """True is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def remainder(value: float, divisor: float) -> float:
    """With the sign of `value`, exact for whole numbers."""
    rest = abs(value) % abs(divisor)
    return -rest if value < 0 else rest


def null_if_missing(value: Any) -> Any:
    """What most places of MongoDB see where a field is not there."""
    return None if value is MISSING else value


def look_up(value: Any, path: Sequence[str]) -> Any:
    """A field path of an expression: through an array it gathers what the elements have."""
    if not path:
        return value
    if isinstance(value, dict):
        return look_up(value.get(path[0], MISSING), path[1:])
    if isinstance(value, list):
        found = (look_up(one, path) for one in value if isinstance(one, dict | list))
        return [one for one in found if one is not MISSING]
    return MISSING


def reached(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """What a filter's or sort's path reaches: one value for each element of arrays on the way."""
    if not path:
        yield value
    elif isinstance(value, dict):
        yield from reached(value.get(path[0], MISSING), path[1:])
    elif isinstance(value, list):
        if path[0].isdecimal() and int(path[0]) < len(value):
            yield from reached(value[int(path[0])], path[1:])
        for one in value:
            if isinstance(one, dict):
                yield from reached(one, path)
    else:
        yield MISSING
