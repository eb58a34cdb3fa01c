"""Which fields of a document go on: `$project`, `$set`, `$unset`, and projections of `find`."""

from collections.abc import Callable, Iterable
from typing import Any

from stack.mongodb.errors import MongoError, bad_value
from stack.mongodb.expressions import evaluate
from stack.mongodb.values import MISSING, Document

Change = Callable[[Document], Document]
Tree = dict[str, Any]  # path component -> Tree, or None at a path's end


def projected(spec: Any) -> Change:
    """MongoError when inclusion and exclusion are mixed."""
    if not isinstance(spec, dict) or not spec:
        raise MongoError(51272, "projection specification must have at least one field")
    flags = {name: bool(one) for name, one in spec.items() if isinstance(one, bool | int | float)}
    computed = {name: one for name, one in spec.items() if name not in flags}
    _refuse_unclear(computed)
    kept = [name for name, keep in flags.items() if keep]
    dropped = [name for name, keep in flags.items() if not keep]
    if not kept and not computed:
        return removed(dropped)
    if any(name != "_id" for name in dropped):
        raise MongoError(31254, "Cannot do exclusion in inclusion projection")
    if "_id" not in spec:
        kept.insert(0, "_id")
    tree = _tree(kept)
    return lambda document: {**_included(document, tree), **_values(computed, document)}


def _refuse_unclear(computed: dict[str, Any]) -> None:
    for name, one in computed.items():
        if "." in name:
            raise bad_value(f"computed field '{name}': only top-level fields are computed here")
        if isinstance(one, dict) and not any(each.startswith("$") for each in one):
            _refuse_flags(name, one)


def _refuse_flags(name: str, spec: dict[str, Any]) -> None:
    """`{a: {b: 1}}` means the path a.b, here to be written so."""
    for one in spec.values():
        if isinstance(one, bool | int | float):
            raise bad_value(f"nested projection of '{name}': write the path with dots")
        if isinstance(one, dict) and not any(each.startswith("$") for each in one):
            _refuse_flags(name, one)


def removed(paths: Iterable[str]) -> Change:
    """Without these paths, in elements of arrays too."""
    tree = _tree(paths)
    return lambda document: _excluded(document, tree)


def extended(spec: Any) -> Change:
    """`$set`: what is missing is not set."""
    if not isinstance(spec, dict) or not spec:
        raise MongoError(40177, "specification must have at least one field")
    for name, one in spec.items():
        if "." in name:
            raise bad_value(f"field '{name}': only top-level fields are set here")
        if isinstance(one, dict) and not any(each.startswith("$") for each in one):
            raise bad_value(f"field '{name}': an object literal merges; give it with $literal")
    return lambda document: _set(document, _values_or_missing(spec, document))


def _set(document: Document, values: Document) -> Document:
    made = {**document, **values}
    return {name: one for name, one in made.items() if one is not MISSING}


def _values_or_missing(spec: dict[str, Any], document: Document) -> Document:
    return {name: evaluate(one, document) for name, one in spec.items()}


def _values(spec: dict[str, Any], document: Document) -> Document:
    return _set({}, _values_or_missing(spec, document))


def _tree(paths: Iterable[str]) -> Tree:
    tree: Tree = {}
    for path in paths:
        if any(not one or one.startswith("$") for one in path.split(".")):
            raise MongoError(
                16410, f"FieldPath field names may not be empty or begin with '$': {path}"
            )
        *way, last = path.split(".")
        here = tree
        for one in way:
            here = here.setdefault(one, {})
            if here is None:
                raise MongoError(31250, f"Path collision at {path}")
        if last in here:
            raise MongoError(31250, f"Path collision at {path}")
        here[last] = None
    return tree


def _included(value: Any, tree: Tree) -> Any:
    if isinstance(value, list):
        return [_included(one, tree) for one in value if isinstance(one, dict | list)]
    made = {}
    for name, one in value.items():
        if name not in tree:
            continue
        below = tree[name]
        if below is None:
            made[name] = one
        elif isinstance(one, dict | list):
            made[name] = _included(one, below)
    return made


def _excluded(value: Any, tree: Tree) -> Any:
    if isinstance(value, list):
        return [_excluded(one, tree) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: one if tree.get(name, tree) is tree else _excluded(one, tree[name])
        for name, one in value.items()
        if tree.get(name, tree) is not None
    }
