"""`$group`: one document for each value of a key, with accumulators over its documents."""

from collections.abc import Callable, Iterable
from typing import Any

from stack.mongodb.errors import MongoError
from stack.mongodb.expressions import evaluate
from stack.mongodb.operators import average, greatest, least, total
from stack.mongodb.values import MISSING, Document, key, null_if_missing


def grouped(spec: Any, documents: Iterable[Document]) -> list[Document]:
    """In the order in which the keys are met."""
    if not isinstance(spec, dict):
        raise MongoError(15947, "a group's fields must be specified in an object")
    if "_id" not in spec:
        raise MongoError(15955, "a group specification must include an _id")
    fields = {name: _accumulator(name, one) for name, one in spec.items() if name != "_id"}
    groups: dict[Any, tuple[Any, dict[str, list[Any]]]] = {}
    for document in documents:
        value = null_if_missing(evaluate(spec["_id"], document))
        _, columns = groups.setdefault(key(value), (value, {name: [] for name in fields}))
        for name, (argument, _) in fields.items():
            columns[name].append(evaluate(argument, document))
    return [
        {"_id": value, **{name: apply(columns[name]) for name, (_, apply) in fields.items()}}
        for value, columns in groups.values()
    ]


def _accumulator(name: str, spec: Any) -> tuple[Any, Callable[[list[Any]], Any]]:
    if "." in name:
        raise MongoError(40235, f"The field name '{name}' cannot contain '.'")
    if name.startswith("$"):
        raise MongoError(40236, f"The field name '{name}' cannot be an operator name")
    if not isinstance(spec, dict) or len(spec) != 1:
        raise MongoError(40234, f"The field '{name}' must be an accumulator object")
    ((operator, argument),) = spec.items()
    if operator not in _ACCUMULATORS:
        raise MongoError(15952, f"unknown group operator '{operator}'")
    if operator == "$count":
        argument = 1
    if isinstance(argument, list):
        raise MongoError(40237, f"The {operator} accumulator is a unary operator")
    return argument, _ACCUMULATORS[operator]


def _pushed(values: list[Any]) -> list[Any]:
    return [one for one in values if one is not MISSING]


def _as_set(values: list[Any]) -> list[Any]:
    return list({key(one): one for one in _pushed(values)}.values())


_ACCUMULATORS: dict[str, Callable[[list[Any]], Any]] = {
    "$addToSet": _as_set,
    "$avg": average,
    "$count": len,
    "$first": lambda values: null_if_missing(values[0]),
    "$last": lambda values: null_if_missing(values[-1]),
    "$max": greatest,
    "$min": least,
    "$push": _pushed,
    "$sum": total,
}
