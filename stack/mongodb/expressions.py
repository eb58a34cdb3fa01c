"""Expressions of the aggregation language, evaluated on one document."""

from collections.abc import Callable, Mapping
from typing import Any

from stack.mongodb.dates import PARTS, part, text, truncated
from stack.mongodb.errors import MongoError, bad_value, unknown_expression
from stack.mongodb.operators import EAGER
from stack.mongodb.values import MISSING, Document, look_up, null_if_missing

Scope = Mapping[str, Any]


def evaluate(expression: Any, document: Document, scope: Scope | None = None) -> Any:
    """A value or MISSING. `scope` has the variables of $let, $map and $filter."""
    return _evaluate(expression, {"ROOT": document, "CURRENT": document, **(scope or {})})


def is_true(value: Any) -> bool:
    """All but false, null, 0 and a missing value."""
    if value is None or value is MISSING:
        return False
    return value != 0 if isinstance(value, bool | int | float) else True


def _evaluate(expression: Any, scope: Scope) -> Any:
    if isinstance(expression, str) and expression.startswith("$"):
        return _field(expression, scope)
    if isinstance(expression, list):
        return [null_if_missing(_evaluate(one, scope)) for one in expression]
    if not isinstance(expression, dict):
        return expression
    if not any(name.startswith("$") for name in expression):
        return _object(expression, scope)
    if len(expression) > 1:
        raise MongoError(15983, "an expression must have exactly one field, its operator")
    return _operation(*next(iter(expression.items())), scope)


def _operation(name: str, argument: Any, scope: Scope) -> Any:
    if name in _LAZY:
        return _LAZY[name](argument, scope)
    if name in PARTS:
        return part(name, _evaluate(_one(name, argument), scope))
    if name not in EAGER:
        raise unknown_expression(name)
    return _call(name, argument, scope)


def _field(text: str, scope: Scope) -> Any:
    if not text.startswith("$$"):
        return look_up(scope["CURRENT"], text[1:].split("."))
    name, *path = text[2:].split(".")
    if name not in scope:
        raise MongoError(17276, f"Use of undefined variable: {name}")
    return look_up(scope[name], path)


def _object(expression: Document, scope: Scope) -> Document:
    if any("." in name for name in expression):
        raise MongoError(16412, "FieldPath field names may not contain '.'")
    values = ((name, _evaluate(one, scope)) for name, one in expression.items())
    return {name: value for name, value in values if value is not MISSING}


def _call(name: str, argument: Any, scope: Scope) -> Any:
    """An argument that is no array stands for an array of it alone."""
    operator = EAGER[name]
    arguments = argument if isinstance(argument, list) else [argument]
    if not operator.least <= len(arguments) <= operator.most:
        raise MongoError(
            16020,
            f"Expression {name} takes {operator.least} to {operator.most} arguments,"
            f" {len(arguments)} were passed in",
        )
    return operator.apply(*(_evaluate(one, scope) for one in arguments))


def _and(argument: Any, scope: Scope) -> bool:
    return all(is_true(_evaluate(one, scope)) for one in _list(argument))


def _or(argument: Any, scope: Scope) -> bool:
    return any(is_true(_evaluate(one, scope)) for one in _list(argument))


def _cond(argument: Any, scope: Scope) -> Any:
    if isinstance(argument, dict):
        if argument.keys() != {"if", "then", "else"}:
            raise MongoError(17080, "$cond needs 'if', 'then' and 'else'")
        argument = [argument["if"], argument["then"], argument["else"]]
    if not isinstance(argument, list) or len(argument) != 3:
        raise MongoError(16020, "Expression $cond takes exactly 3 arguments.")
    condition, then, otherwise = argument
    return _evaluate(then if is_true(_evaluate(condition, scope)) else otherwise, scope)


def _if_null(argument: Any, scope: Scope) -> Any:
    choices = _list(argument)
    if len(choices) < 2:
        raise MongoError(1257300, "$ifNull needs at least two arguments")
    for one in choices[:-1]:
        value = _evaluate(one, scope)
        if null_if_missing(value) is not None:
            return value
    return _evaluate(choices[-1], scope)


def _switch(argument: Any, scope: Scope) -> Any:
    for branch in argument.get("branches", []):
        if is_true(_evaluate(branch["case"], scope)):
            return _evaluate(branch["then"], scope)
    if "default" not in argument:
        raise MongoError(40066, "$switch could not find a matching branch for an input")
    return _evaluate(argument["default"], scope)


def _let(argument: Any, scope: Scope) -> Any:
    made = {name: _evaluate(one, scope) for name, one in argument["vars"].items()}
    return _evaluate(argument["in"], {**scope, **made})


def _map(argument: Any, scope: Scope) -> Any:
    values, name = _input("$map", argument, scope)
    if values is None:
        return None
    made = (_evaluate(argument["in"], {**scope, name: one}) for one in values)
    return [null_if_missing(one) for one in made]


def _filter(argument: Any, scope: Scope) -> Any:
    if "limit" in argument:
        raise bad_value("$filter has no 'limit' on this server")
    values, name = _input("$filter", argument, scope)
    if values is None:
        return None
    return [one for one in values if is_true(_evaluate(argument["cond"], {**scope, name: one}))]


def _input(operator: str, argument: Any, scope: Scope) -> tuple[list[Any] | None, str]:
    values = null_if_missing(_evaluate(argument["input"], scope))
    if values is not None and not isinstance(values, list):
        raise MongoError(16883, f"input to {operator} must be an array")
    return values, argument.get("as", "this")


def _list(argument: Any) -> list[Any]:
    return argument if isinstance(argument, list) else [argument]


def _constant(argument: Any, _: Scope) -> Any:
    return argument


_LAZY: dict[str, Callable[[Any, Scope], Any]] = {
    "$literal": _constant,
    "$and": _and,
    "$or": _or,
    "$not": lambda argument, scope: not is_true(_evaluate(_one("$not", argument), scope)),
    "$cond": _cond,
    "$ifNull": _if_null,
    "$switch": _switch,
    "$let": _let,
    "$map": _map,
    "$filter": _filter,
    "$dateTrunc": lambda argument, scope: truncated(_named("$dateTrunc", argument, scope)),
    "$dateToString": lambda argument, scope: text(_named("$dateToString", argument, scope)),
}


def _one(name: str, argument: Any) -> Any:
    if isinstance(argument, list):
        if len(argument) != 1:
            raise MongoError(16020, f"Expression {name} takes exactly 1 arguments.")
        return argument[0]
    return argument


def _named(name: str, argument: Any, scope: Scope) -> dict[str, Any]:
    if not isinstance(argument, dict):
        raise MongoError(9, f"{name} only supports an object as its argument")
    return {each: null_if_missing(_evaluate(one, scope)) for each, one in argument.items()}
