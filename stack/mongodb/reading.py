"""Documents of one collection out of its SQLite table, no more of them than a filter needs.

SQLite only narrows down; what is answered is decided by `stack.mongodb.matching`.
"""

import re
from collections.abc import Iterator
from typing import Any

from neosqlite.collection.jsonb_support import json_data_column
from neosqlite.sql_utils import quote_table_name

from stack.mongodb.matching import matcher
from stack.mongodb.storage import decode
from stack.mongodb.values import MISSING, Document, reached

Condition = tuple[str, list[str]]  # SQL and its parameters
Row = tuple[int, Document]  # SQLite's row id and the document
# Names that are the same in a path of JSON as in one of MongoDB.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Accumulators that take a missing value as they take null.
_BLIND = {"$sum", "$avg", "$min", "$max", "$count"}
MOST_PARAMETERS = 30_000


class Table:
    """`collection` is neosqlite's; the caller holds its database's lock."""

    def __init__(self, collection: Any) -> None:
        jsonb = collection.query_engine.jsonb
        self.db = collection.db
        self.name = quote_table_name(collection.name)
        self._extract = f"{jsonb.json_function_prefix}_extract"
        self._data = json_data_column(jsonb.jsonb_supported)
        # Of an array the function gives text that begins so, or its binary form.
        self._least_array = "x''" if jsonb.jsonb_supported else "'['"
        self._past_arrays = "" if jsonb.jsonb_supported else " AND {column} < '\\'"

    def exists(self) -> bool:
        """A table is made by the first insert or by `create`."""
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return self.db.execute(query, (self.name.strip('"'),)).fetchone() is not None

    def find(self, wanted: Document) -> Iterator[Row]:
        """In the order of insertion."""
        test = matcher(wanted)
        if not self.exists():
            return
        where, parameters = self._narrowed(wanted)
        rows = self.db.execute(
            f"SELECT id, {self._data} FROM {self.name} WHERE {where} ORDER BY id",
            parameters,
        )
        for number, text in rows.fetchall():
            document = decode(text)
            if test(document):
                yield number, document

    def count(self, wanted: Document) -> int:
        """Without reading documents when the filter is of strings alone."""
        if not self.exists():
            matcher(wanted)
            return 0
        if unlike := _unlike(wanted):
            return self.count({}) - self.count(unlike)
        exact = _strings(wanted)
        if exact is None or not _is_exact(exact):
            return sum(1 for _ in self.find(wanted))
        where, parameters = self._equal(exact)
        query = f"SELECT count(*) FROM {self.name} WHERE {where}"
        (plain,) = self.db.execute(query, parameters).fetchone()
        test = matcher(wanted)
        where, parameters = self._arrays(exact)
        query = f"SELECT {self._data} FROM {self.name} WHERE {where}"
        arrays = self.db.execute(query, parameters).fetchall()
        return int(plain) + sum(test(decode(text)) for (text,) in arrays)

    def numbers(self, wanted: Document) -> list[int]:
        """Row ids in order, without reading documents when the filter is of strings alone."""
        exact = _strings(wanted)
        if "_id" in wanted or exact is None or not _is_exact(exact) or not self.exists():
            return [number for number, _ in self.find(wanted)]
        where, parameters = self._equal(exact)
        query = f"SELECT id FROM {self.name} WHERE {where}"
        found = [int(number) for (number,) in self.db.execute(query, parameters).fetchall()]
        test = matcher(wanted)
        where, parameters = self._arrays(exact)
        query = f"SELECT id, {self._data} FROM {self.name} WHERE {where}"
        arrays = self.db.execute(query, parameters).fetchall()
        return sorted([*found, *(int(number) for number, text in arrays if test(decode(text)))])

    def clear(self) -> int:
        """Delete every document; how many there were."""
        return self.db.execute(f"DELETE FROM {self.name}").rowcount if self.exists() else 0

    def values(self, path: str, wanted: Document) -> Iterator[Any]:
        """What a path reaches in the documents, some of it twice, MISSING too."""
        if wanted or not _NAME.fullmatch(path) or not self.exists():
            for _, document in self.find(wanted):
                yield from reached(document, path.split("."))
            return
        one = f"'$.{path}'"  # twice: SQLite then answers with an array, which has the value's type
        query = (
            f"SELECT DISTINCT json_type(data, {one}), json_extract(data, {one}, {one})"
            f" FROM {self.name}"
        )
        for kind, text in self.db.execute(query).fetchall():
            yield MISSING if kind is None else decode(text)[0]

    def pipeline_input(self, pipeline: list[Any]) -> Iterator[Document]:
        """What the pipeline's stages, its first `$match` too, are to work on."""
        if not self.exists():
            return
        first = pipeline[0].get("$match") if pipeline and isinstance(pipeline[0], dict) else None
        wanted = first if isinstance(first, dict) else {}
        names = needed(pipeline)
        where, parameters = self._narrowed(wanted)
        columns = self._data if names is None else self._picked(names)
        query = f"SELECT {columns} FROM {self.name} WHERE {where} ORDER BY id"
        for (text,) in self.db.execute(query, parameters).fetchall():
            loaded = decode(text)
            yield loaded if names is None else dict(zip(names, loaded, strict=True))

    def _picked(self, names: list[str]) -> str:
        """A JSON array of some fields, null for those that are missing."""
        paths = ", ".join(f"'$.{name}'" for name in names)
        return f"json_extract(data, {paths})"

    def _narrowed(self, wanted: Document) -> Condition:
        """True of every document that `wanted` lets through."""
        ids = _ids(wanted)
        if ids is not None:
            return f"_id IN ({', '.join('?' * len(ids))})", ids
        strings = _strings({name: one for name, one in wanted.items() if name != "_id"})
        if not strings:
            return "1", []
        equal, parameters = self._equal(strings)
        arrays, more = self._arrays(strings)
        return f"({equal} OR {arrays})", [*parameters, *more]

    def _equal(self, strings: dict[str, list[str]]) -> Condition:
        parts = [
            f"{self._column(one)} IN ({', '.join('?' * len(strings[one]))})" for one in strings
        ]
        return f"({' AND '.join(parts) or '1'})", [each for one in strings.values() for each in one]

    def _arrays(self, strings: dict[str, list[str]]) -> Condition:
        """Documents that have an array in one of the fields: it may have the wanted element.

        Each alternative begins with the fields before it, as indexes do.
        """
        parts, parameters = [], []
        for number, name in enumerate(strings):
            before, values = self._equal(dict(list(strings.items())[:number]))
            column = self._column(name)
            past = self._past_arrays.format(column=column)
            parts.append(f"({before} AND {column} >= {self._least_array}{past})")
            parameters += values
        return f"({' OR '.join(parts) or '0'})", parameters

    def _column(self, name: str) -> str:
        """As the server's indexes write it."""
        return f"{self._extract}(data, '$.{name}')"


def needed(pipeline: list[Any]) -> list[str] | None:
    """The top-level fields a pipeline reads, where that is plain and null may stand for missing."""
    stages = list(pipeline)
    names: list[str] = ["_id", "_id"]  # two at least: SQLite then answers with an array
    if stages and isinstance(stages[0], dict) and "$match" in stages[0]:
        matched = stages.pop(0)["$match"]
        if not isinstance(matched, dict) or _strings(matched) is None:
            return None
        names += [name for name in matched if name not in names]
    spec = stages[0].get("$group") if stages and isinstance(stages[0], dict) else None
    if not isinstance(spec, dict):
        return None
    used = [spec.get("_id")]
    for name, one in spec.items():
        if name == "_id":
            continue
        if not isinstance(one, dict) or not one.keys() <= _BLIND:
            return None
        used += [value for operator, value in one.items() if operator != "$count"]
    for one in used:
        if isinstance(one, str) and _NAME.fullmatch(one[1:]) and one.startswith("$"):
            names += [one[1:]] if one[1:] not in names else []
        elif isinstance(one, str | dict | list):
            return None
    return names


def _strings(wanted: Document) -> dict[str, list[str]] | None:
    """Field to strings, one of which it must be; None when the filter says anything else."""
    found: dict[str, list[str]] = {}
    for name, value in wanted.items():
        one = value
        if isinstance(value, dict) and value.keys() == {"$in"}:
            one = value["$in"]
        elif isinstance(value, dict) and value.keys() == {"$eq"}:
            one = [value["$eq"]]
        elif isinstance(value, str):
            one = [value]
        if not isinstance(one, list) or not all(isinstance(each, str) for each in one):
            return None
        if not one or not _NAME.fullmatch(name) or len(one) > MOST_PARAMETERS:
            return None
        found[name] = one
    return None if sum(map(len, found.values())) > MOST_PARAMETERS else found


def _unlike(wanted: Document) -> Document | None:
    """Of a filter that a string is not in one field: the filter of what it does not let through."""
    if len(wanted) != 1:
        return None
    ((name, value),) = wanted.items()
    if name.startswith("$") or not isinstance(value, dict) or value.keys() != {"$ne"}:
        return None
    return {name: value["$ne"]} if isinstance(value["$ne"], str) else None


def _is_exact(strings: dict[str, list[str]]) -> bool:
    """Whether SQL's equality is MongoDB's: arrays and objects are text that begins so."""
    return not any(one[:1] in ("[", "{") for some in strings.values() for one in some)


def _ids(wanted: Document) -> list[str] | None:
    """Strings that `_id` must be one of."""
    strings = _strings({"_id": wanted["_id"]}) if "_id" in wanted else None
    return strings["_id"] if strings else None
