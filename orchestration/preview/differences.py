"""Compares a table's part as served with the part as it was built, row by row of its key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

from orchestration.preview.building import of_part
from orchestration.preview.models import Model, key
from orchestration.preview.names import built

EXAMPLES = 10
SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Example:
    """One row that differs; of a changed one, the columns that do. Values as text."""

    kind: str
    key: Mapping[str, str]
    before: Mapping[str, str]
    after: Mapping[str, str]


@dataclass(frozen=True)
class TableDifference:
    """One table. `before` and `after` count the rows of the part, `columns` those that differ."""

    table: str
    before: int
    after: int
    added: int
    gone: int
    changed: int
    columns: Mapping[str, int]
    examples: Sequence[Example]

    @property
    def is_same(self) -> bool:
        """Whether a run would change nothing."""
        return not (self.added or self.gone or self.changed)


def compare(client: Client, model: Model, served: Mapping[str, str]) -> TableDifference:
    """`served`: types of the table's columns as it is there, {} where it is not."""
    keys = key(model)
    rows = _both(model, keys, served)
    names = list(model.columns)
    counts = {
        str(kind): (int(count), differing)
        for kind, count, differing in client.query(_counted(rows, keys, len(names))).result_rows
    }
    before, after = client.query(
        f"SELECT countIf(NOT is_new), countIf(is_new) FROM ({rows})"
    ).result_rows[0]
    changed, differing = counts.get("changed", (0, [0] * len(names)))
    return TableDifference(
        table=model.name[1],
        before=int(before),
        after=int(after),
        added=counts.get("added", (0, []))[0],
        gone=counts.get("gone", (0, []))[0],
        changed=changed,
        columns={name: int(n) for name, n in zip(names, differing, strict=True) if n},
        examples=_examples(client, rows, keys, names) if counts else [],
    )


def _both(model: Model, keys: Sequence[str], served: Mapping[str, str]) -> str:
    """Rows of both sides: the key's columns, all columns as text, and which side it is."""
    key_columns = ", ".join(f"`{name}` AS k{n}" for n, name in enumerate(keys))

    def side(relation: str, columns: Mapping[str, Any], is_new: str, where: str) -> str:
        texts = ", ".join(
            as_text(name, kind) if name in columns else "''" for name, kind in model.columns.items()
        )
        return (
            f"SELECT {key_columns}, {is_new} AS is_new, [{texts}] AS texts"
            f" FROM {relation} WHERE {where}"
        )

    new = side(built(model.name), model.columns, "true", "true")
    if not served:
        return new
    return f"{side('.'.join(model.name), served, 'false', of_part(model))} UNION ALL {new}"


def as_text(name: str, kind: str) -> str:
    """A column's value; equal states may be written differently, so they are finished first."""
    value = (
        f"finalizeAggregation(`{name}`)" if kind.startswith("AggregateFunction") else f"`{name}`"
    )
    return f"ifNull(toString({value}), 'NULL')"


def _differing(rows: str, keys: Sequence[str], width: int) -> str:
    """One row per key that is not the same on both sides."""
    by = ", ".join(f"k{n}" for n in range(len(keys)))
    other = (
        f"SELECT {by} FROM ({rows}) GROUP BY {by}"
        " HAVING countIf(is_new) != countIf(NOT is_new) OR uniqExact(sipHash64(texts)) != 1"
    )
    return f"""
        SELECT {by},
            arrayResize(anyIf(texts, NOT is_new), {width}, '') AS before,
            arrayResize(anyIf(texts, is_new), {width}, '') AS after,
            multiIf(min(is_new) = 1, 'added', max(is_new) = 0, 'gone', 'changed') AS kind
        FROM ({rows}) WHERE ({by}) IN ({other}) GROUP BY {by}"""


def _counted(rows: str, keys: Sequence[str], width: int) -> str:
    return f"""
        SELECT kind, count(), sumForEach(arrayMap((a, b) -> toUInt64(a != b), before, after))
        FROM ({_differing(rows, keys, width)}) GROUP BY kind"""


def _examples(
    client: Client, rows: str, keys: Sequence[str], names: Sequence[str]
) -> list[Example]:
    """Ten, of each kind some."""
    by = ", ".join(f"k{n}" for n in range(len(keys)))
    texts = ", ".join(f"toString(k{n})" for n in range(len(keys)))
    found = client.query(
        f"SELECT kind, [{texts}], before, after FROM ({_differing(rows, keys, len(names))})"
        f" ORDER BY row_number() OVER (PARTITION BY kind ORDER BY {by}), kind LIMIT {EXAMPLES}"
    ).result_rows
    return [
        _example(kind, dict(zip(keys, values, strict=True)), names, before, after)
        for kind, values, before, after in found
    ]


def _example(
    kind: str,
    keys: Mapping[str, str],
    names: Sequence[str],
    before: Sequence[str],
    after: Sequence[str],
) -> Example:
    different = [
        (name, _cut(old), _cut(new))
        for name, old, new in zip(names, before, after, strict=True)
        if name not in keys and (kind != "changed" or old != new)
    ]
    return Example(
        kind,
        keys,
        {} if kind == "added" else {name: old for name, old, _ in different},
        {} if kind == "gone" else {name: new for name, _, new in different},
    )


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
