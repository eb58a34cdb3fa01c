"""Operators whose arguments are all evaluated first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from math import ceil, floor, fsum
from operator import mul
from typing import Any

from stack.mongodb.errors import MongoError
from stack.mongodb.values import MISSING, is_number, key, null_if_missing, remainder

INT64 = 1 << 63
MANY = 1 << 16


@dataclass(frozen=True)
class Operator:
    """`apply` takes as many values as there are arguments, MISSING among them."""

    apply: Callable[..., Any]
    least: int
    most: int


def sized(value: float) -> float:
    """A whole number that 64 bits cannot hold becomes a double."""
    return float(value) if isinstance(value, int) and not -INT64 <= value < INT64 else value


def total(values: list[Any]) -> float:
    """Of the numbers among `values`, exact whatever their order."""
    numbers = [one for one in values if is_number(one)]
    if all(isinstance(one, int) for one in numbers):
        return sized(sum(numbers))
    return fsum(numbers)


def average(values: list[Any]) -> float | None:
    """Of the numbers among `values`; None without one."""
    numbers = [one for one in values if is_number(one)]
    return fsum(numbers) / len(numbers) if numbers else None


def least(values: list[Any]) -> Any:
    """By BSON's order, nulls left out."""
    return min((one for one in values if null_if_missing(one) is not None), key=key, default=None)


def greatest(values: list[Any]) -> Any:
    """By BSON's order, nulls left out."""
    return max((one for one in values if null_if_missing(one) is not None), key=key, default=None)


def _of_numbers(name: str, apply: Callable[..., Any]) -> Callable[..., Any]:
    """Null when an argument is null; an error for other values than numbers."""

    def applied(*values: Any) -> Any:
        if any(null_if_missing(one) is None for one in values):
            return None
        wrong = next((one for one in values if not is_number(one)), None)
        if wrong is not None:
            raise MongoError(14, f"{name} only supports numeric types, not {_type(wrong)}")
        return sized(apply(*values))

    return applied


def _add(*values: Any) -> Any:
    """Numbers, and one date to which they are milliseconds."""
    if any(null_if_missing(one) is None for one in values):
        return None
    dates = [one for one in values if isinstance(one, datetime)]
    if not dates:
        return _of_numbers("$add", lambda *numbers: total(list(numbers)))(*values)
    if len(dates) > 1:
        raise MongoError(16612, "only one date allowed in an $add expression")
    rest = [one for one in values if not isinstance(one, datetime)]
    millis = _of_numbers("$add", lambda *numbers: total(list(numbers)))(*rest)
    return dates[0] + timedelta(milliseconds=round(millis))


def _subtract(left: Any, right: Any) -> Any:
    """Of two dates the milliseconds between."""
    if null_if_missing(left) is None or null_if_missing(right) is None:
        return None
    if isinstance(left, datetime) and isinstance(right, datetime):
        return (left - right) // timedelta(milliseconds=1)
    if isinstance(left, datetime) and is_number(right):
        return left - timedelta(milliseconds=round(right))
    return _of_numbers("$subtract", lambda one, other: one - other)(left, right)


def _divide(left: float, right: float) -> float:
    if right == 0:
        raise MongoError(2, "can't $divide by zero")
    return float(left) / float(right)


def _modulo(left: float, right: float) -> float:
    if right == 0:
        raise MongoError(16610, "can't $mod by zero")
    return remainder(left, right)


def _compare(left: Any, right: Any) -> int:
    first, second = key(left), key(right)
    return (first > second) - (first < second)


def _compares(fits: Callable[[int], bool]) -> Operator:
    return Operator(lambda left, right: fits(_compare(left, right)), 2, 2)


def _concat(*values: Any) -> str | None:
    if any(null_if_missing(one) is None for one in values):
        return None
    _require(values, str, 16702, "$concat only supports strings")
    return "".join(values)


def _concat_arrays(*values: Any) -> list[Any] | None:
    if any(null_if_missing(one) is None for one in values):
        return None
    _require(values, list, 28664, "$concatArrays only supports arrays")
    return [one for array in values for one in array]


def _size(value: Any) -> int:
    _require([value], list, 17124, "The argument to $size must be an array")
    return len(value)


def _element_at(values: Any, index: Any) -> Any:
    if null_if_missing(values) is None or null_if_missing(index) is None:
        return None
    _require([values], list, 28689, "$arrayElemAt's first argument must be an array")
    _require([index], int, 28690, "$arrayElemAt's second argument must be a number")
    return values[index] if -len(values) <= index < len(values) else MISSING


def _in(value: Any, values: Any) -> bool:
    _require([values], list, 40081, "$in requires an array as a second argument")
    return key(value) in {key(one) for one in values}


def _lower(value: Any) -> str:
    """Of ASCII letters alone, as MongoDB does it."""
    return "".join(one.lower() if one.isascii() else one for one in _text(value))


def _upper(value: Any) -> str:
    return "".join(one.upper() if one.isascii() else one for one in _text(value))


def _text(value: Any) -> str:
    text = null_if_missing(value)
    if text is None:
        return ""
    _require([text], str, 16007, "only strings can be changed in case here")
    return str(text)


def _length(value: Any) -> int:
    _require([value], str, 34471, "$strLenCP requires a string argument")
    return len(value)


def _merge(*values: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for one in values:
        if null_if_missing(one) is not None:
            _require([one], dict, 40400, "$mergeObjects requires object inputs")
            made |= one
    return made


def _require(values: Any, kind: type, code: int, message: str) -> None:
    if not all(isinstance(one, kind) and not isinstance(one, bool) for one in values):
        raise MongoError(code, message)


def _type(value: Any) -> str:
    return type(value).__name__


def _gathered(apply: Callable[[list[Any]], Any]) -> Operator:
    """A single argument that is an array is taken for its elements."""

    def applied(*values: Any) -> Any:
        alone = len(values) == 1 and isinstance(values[0], list)
        return apply(values[0] if alone else list(values))

    return Operator(applied, 1, MANY)


def _numeric(name: str, apply: Callable[..., Any], low: int, high: int) -> Operator:
    return Operator(_of_numbers(name, apply), low, high)


EAGER: dict[str, Operator] = {
    "$abs": _numeric("$abs", abs, 1, 1),
    "$add": Operator(_add, 1, MANY),
    "$arrayElemAt": Operator(_element_at, 2, 2),
    "$avg": _gathered(average),
    "$ceil": _numeric("$ceil", lambda one: type(one)(ceil(one)), 1, 1),
    "$cmp": Operator(_compare, 2, 2),
    "$concat": Operator(_concat, 1, MANY),
    "$concatArrays": Operator(_concat_arrays, 1, MANY),
    "$divide": _numeric("$divide", _divide, 2, 2),
    "$eq": _compares(lambda sign: sign == 0),
    "$floor": _numeric("$floor", lambda one: type(one)(floor(one)), 1, 1),
    "$gt": _compares(lambda sign: sign > 0),
    "$gte": _compares(lambda sign: sign >= 0),
    "$in": Operator(_in, 2, 2),
    "$isArray": Operator(lambda value: isinstance(value, list), 1, 1),
    "$lt": _compares(lambda sign: sign < 0),
    "$lte": _compares(lambda sign: sign <= 0),
    "$max": _gathered(greatest),
    "$mergeObjects": Operator(_merge, 1, MANY),
    "$min": _gathered(least),
    "$mod": _numeric("$mod", _modulo, 2, 2),
    "$multiply": _numeric("$multiply", lambda *values: reduce(mul, values), 1, MANY),
    "$ne": _compares(lambda sign: sign != 0),
    "$size": Operator(_size, 1, 1),
    "$strLenCP": Operator(_length, 1, 1),
    "$subtract": Operator(_subtract, 2, 2),
    "$sum": _gathered(total),
    "$toLower": Operator(_lower, 1, 1),
    "$toUpper": Operator(_upper, 1, 1),
}
