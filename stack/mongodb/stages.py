"""Pipelines of the aggregation language: stage after stage over documents in memory."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from stack.mongodb.errors import MongoError, unknown_stage
from stack.mongodb.expressions import evaluate
from stack.mongodb.grouping import grouped
from stack.mongodb.matching import matcher
from stack.mongodb.projection import Change, extended, projected, removed
from stack.mongodb.values import MISSING, Document, key, null_if_missing, reached

Documents = Iterable[Document]


def run(pipeline: list[Any], documents: Documents) -> Documents:
    """What comes out at the end; MongoError for what this server does not have."""
    for stage in pipeline:
        if not isinstance(stage, dict) or len(stage) != 1:
            raise MongoError(40323, "A pipeline stage specification object must have one field")
        ((name, spec),) = stage.items()
        if name not in _STAGES:
            raise unknown_stage(name)
        documents = _STAGES[name](spec, documents)
    return documents


def ordered(spec: Any, documents: Documents) -> list[Document]:
    """`$sort`: by several paths; of an array its least element counts, downwards its greatest."""
    if not isinstance(spec, dict) or not spec:
        raise MongoError(15976, "$sort stage must have at least one sort key")
    found = list(documents)
    for path, direction in reversed(spec.items()):
        if path.startswith("$"):
            raise MongoError(16410, f"a sort key may not begin with '$': {path}")
        if direction not in (1, -1) or isinstance(direction, bool):
            raise MongoError(15975, "$sort key ordering must be 1 (ascending) or -1 (descending)")
        _sort(found, path.split("."), down=direction == -1)
    _refuse_parallel_arrays(spec, found)
    return found


def _sort(documents: list[Document], path: list[str], *, down: bool) -> None:
    choose = max if down else min

    def place(document: Document) -> Any:
        keys = []
        for one in reached(document, path):
            if isinstance(one, list):
                keys += [key(each) for each in one] or [(0, 0)]  # an empty one stands before null
            else:
                keys.append(key(null_if_missing(one)))
        return choose(keys, default=key(None))

    documents.sort(key=place, reverse=down)


def _refuse_parallel_arrays(spec: Document, documents: list[Document]) -> None:
    if len(spec) < 2:
        return
    paths = [path.split(".") for path in spec]
    for one in documents:
        if sum(_meets_array(one, path) for path in paths) > 1:
            raise MongoError(2, "cannot sort with keys that are parallel arrays")


def _meets_array(document: Document, path: list[str]) -> bool:
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, dict) else value
        if isinstance(value, list):
            return True
    return False


def _limit(spec: Any, documents: Documents) -> Documents:
    return islice(documents, _whole("limit", spec, 1))


def _skip(spec: Any, documents: Documents) -> Documents:
    return islice(documents, _whole("skip", spec, 0), None)


def _whole(name: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise MongoError(5107201, f"invalid argument to ${name} stage: Expected an integer")
    if value < low:
        raise MongoError(15958, f"the {name} must be {'positive' if low else 'non-negative'}")
    return int(value)


def _count(spec: Any, documents: Documents) -> Documents:
    if not isinstance(spec, str) or not spec or spec.startswith("$") or "." in spec:
        raise MongoError(40156, "the count field must be a non-empty string, no operator or path")
    count = sum(1 for _ in documents)
    return [{spec: count}] if count else []


def _sort_by_count(spec: Any, documents: Documents) -> Documents:
    if isinstance(spec, str) and not spec.startswith("$"):
        raise MongoError(40148, "the sortByCount field must be a path or an expression")
    groups = grouped({"_id": spec, "count": {"$sum": 1}}, documents)
    return ordered({"count": -1}, groups)


def _unwind(spec: Any, documents: Documents) -> Documents:
    options = {"path": spec} if isinstance(spec, str) else spec
    known = {"path", "includeArrayIndex", "preserveNullAndEmptyArrays"}
    if not isinstance(options, dict) or options.keys() - known:
        raise MongoError(28811, "unrecognized option to $unwind stage")
    path = options.get("path", "")
    if not isinstance(path, str) or not path.startswith("$") or path.startswith("$$"):
        raise MongoError(28818, "path option to $unwind stage should be prefixed with a '$'")
    index = options.get("includeArrayIndex")
    if index is not None and ("." in index or index.startswith("$")):
        raise MongoError(28822, "includeArrayIndex is a plain field name on this server")
    keep = bool(options.get("preserveNullAndEmptyArrays", False))
    for document in documents:
        yield from _unwound(document, path[1:].split("."), index, keep=keep)


def _unwound(document: Document, path: list[str], index: str | None, *, keep: bool) -> Documents:
    value: Any = document
    for name in path:
        value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
    at: dict[str, Any] = {index: None} if index else {}
    if value == [] or null_if_missing(value) is None:
        if keep:
            gone = removed([".".join(path)])(document) if value == [] else document
            yield {**gone, **at}
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield {**_with(document, path, one), **({index: number} if index else {})}
    else:
        yield {**document, **at}


def _with(document: Document, path: list[str], value: Any) -> Document:
    """A copy of the levels on the way."""
    first, *rest = path
    return {**document, first: _with(document[first], rest, value) if rest else value}


def _replace_root(spec: Any, documents: Documents) -> Documents:
    for document in documents:
        value = evaluate(spec, document)
        if not isinstance(value, dict):
            raise MongoError(40228, "'newRoot' expression must evaluate to an object")
        yield value


def _new_root(spec: Any, documents: Documents) -> Documents:
    if not isinstance(spec, dict) or spec.keys() != {"newRoot"}:
        raise MongoError(40231, "$replaceRoot needs 'newRoot' and nothing else")
    return _replace_root(spec["newRoot"], documents)


def _each(change: Callable[[Any], Change]) -> Callable[[Any, Documents], Documents]:
    return lambda spec, documents: map(change(spec), documents)


def _unset(spec: Any) -> Change:
    return removed([spec] if isinstance(spec, str) else spec)


_STAGES: dict[str, Callable[[Any, Documents], Documents]] = {
    "$addFields": _each(extended),
    "$count": _count,
    "$group": grouped,
    "$limit": _limit,
    "$match": lambda spec, documents: filter(matcher(spec), documents),
    "$project": _each(projected),
    "$replaceRoot": _new_root,
    "$replaceWith": _replace_root,
    "$set": _each(extended),
    "$skip": _skip,
    "$sort": ordered,
    "$sortByCount": _sort_by_count,
    "$unset": _each(_unset),
    "$unwind": _unwind,
}
