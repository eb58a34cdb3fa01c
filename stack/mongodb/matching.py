"""Filters, as `find` and `$match` take them: which documents they let through."""

import re
from collections.abc import Callable
from math import isfinite, isnan
from typing import Any

from bson.regex import Regex

from stack.mongodb.errors import bad_value
from stack.mongodb.expressions import evaluate, is_true
from stack.mongodb.values import MISSING, Document, is_number, key, rank, reached, remainder, same

Test = Callable[[Document], bool]
ValueTest = Callable[[Any], bool]
Over = Callable[[list[Any]], bool]  # over all that a path reaches


def matcher(wanted: Document) -> Test:
    """MongoError for an operator that is unknown here."""
    tests = [_clause(name, value) for name, value in wanted.items() if name != "$comment"]
    return lambda document: all(test(document) for test in tests)


def _clause(name: str, value: Any) -> Test:
    if name in ("$and", "$or", "$nor"):
        if not isinstance(value, list) or not value:
            raise bad_value(f"{name} must be a nonempty array")
        tests = [matcher(one) for one in value]
        every, turned = name == "$and", name == "$nor"
        return lambda one: (all if every else any)(test(one) for test in tests) is not turned
    if name == "$expr":
        return lambda document: is_true(evaluate(value, document))
    if name.startswith("$"):
        raise bad_value(f"unknown top level operator: {name}")
    path = name.split(".")
    test = _condition(value)
    return lambda document: test(list(reached(document, path)))


def _condition(value: Any) -> Over:
    """Over all that a path reaches."""
    if not (isinstance(value, dict) and any(name.startswith("$") for name in value)):
        return _any_of(_equals(value))
    options = value.get("$options", "")
    tests = [_operator(name, one, options) for name, one in value.items() if name != "$options"]
    return lambda values: all(test(values) for test in tests)


def _operator(name: str, value: Any, options: str) -> Over:
    """One operator of a condition."""
    if name in _NEGATIVE:
        return _not(_operator(_NEGATIVE[name], value, options))
    if name == "$regex":
        return _any_of(_pattern(Regex(value, options) if isinstance(value, str) else value))
    if name in _WHOLE:
        return _WHOLE[name](value)
    if name not in _TESTS:
        raise bad_value(f"unknown operator: {name}")
    return _any_of(_TESTS[name](value))


def _not(test: Over) -> Over:
    return lambda values: not test(values)


def _negated(value: Any) -> Over:
    if not isinstance(value, dict | Regex):
        raise bad_value("$not needs a regex or a document")
    return _not(_condition(value))


def _exists(value: Any) -> Over:
    wanted = is_true(value)
    return lambda values: any(one is not MISSING for one in values) is wanted


def _sized(value: Any) -> Over:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise bad_value("$size needs a non-negative whole number")
    return lambda values: any(isinstance(one, list) and len(one) == value for one in values)


def _any_of(test: ValueTest) -> Over:
    """Of an array the whole and each element are tried."""
    return lambda values: any(
        test(one) or (isinstance(one, list) and any(map(test, one))) for one in values
    )


def _all(value: Any) -> Over:
    if not isinstance(value, list):
        raise bad_value("$all needs an array")
    tests = [_any_of(_equals(one)) for one in value]
    return lambda values: bool(tests) and all(test(values) for test in tests)


def _element(value: Any) -> Over:
    if not isinstance(value, dict):
        raise bad_value("$elemMatch needs an Object")
    if value and all(name.startswith("$") for name in value):
        condition = _condition(value)
        return _any_element(lambda one: condition([one]))
    inner = matcher(value)
    return _any_element(lambda one: isinstance(one, dict) and inner(one))


def _any_element(fits: ValueTest) -> Over:
    return lambda values: any(isinstance(one, list) and any(map(fits, one)) for one in values)


def _equals(value: Any) -> ValueTest:
    if isinstance(value, Regex):
        return _pattern(value)
    if isinstance(value, dict) and any(name.startswith("$") for name in value):
        raise bad_value(f"unknown operator: {next(iter(value))}")
    if value is None:
        return lambda one: one is None or one is MISSING
    wanted = key(value)
    return lambda one: key(one) == wanted


def _compares(value: Any, fits: Callable[[Any, Any], bool]) -> ValueTest:
    """Only values of one type are compared; a missing value counts as null."""
    wanted, kind = key(value), rank(value)

    def test(one: Any) -> bool:
        one = None if one is MISSING else one
        if rank(one) != kind:
            return False
        if is_number(value) and (isnan(value) or isnan(one)):  # NaN equals itself alone
            return fits(0, 0) and same(one, value)
        return fits(key(one), wanted)

    return test


def _in(value: Any) -> ValueTest:
    if not isinstance(value, list):
        raise bad_value("$in needs an array")
    tests = [_equals(one) for one in value if one is None or isinstance(one, Regex)]
    keys = {key(one) for one in value if not isinstance(one, Regex)}
    return lambda one: key(one) in keys or any(test(one) for test in tests)


def _modulo(value: Any) -> ValueTest:
    if not (isinstance(value, list) and len(value) == 2 and all(map(is_number, value))):
        raise bad_value("malformed mod, needs to be an array of two numbers")
    divisor, wanted = int(value[0]), int(value[1])
    if divisor == 0:
        raise bad_value("divisor cannot be 0")
    return lambda one: is_number(one) and isfinite(one) and remainder(int(one), divisor) == wanted


def _pattern(value: Any) -> ValueTest:
    if not isinstance(value, Regex):
        raise bad_value("$regex has to be a string")
    pattern = re.compile(value.pattern, value.flags)
    return lambda one: isinstance(one, str) and pattern.search(one) is not None


_NEGATIVE = {"$ne": "$eq", "$nin": "$in"}
_TESTS: dict[str, Callable[[Any], ValueTest]] = {
    "$eq": _equals,
    "$gt": lambda value: _compares(value, lambda one, wanted: one > wanted),
    "$gte": lambda value: _compares(value, lambda one, wanted: one >= wanted),
    "$lt": lambda value: _compares(value, lambda one, wanted: one < wanted),
    "$lte": lambda value: _compares(value, lambda one, wanted: one <= wanted),
    "$in": _in,
    "$mod": _modulo,
}
_WHOLE: dict[str, Callable[[Any], Over]] = {
    "$all": _all,
    "$elemMatch": _element,
    "$exists": _exists,
    "$not": _negated,
    "$size": _sized,
}
