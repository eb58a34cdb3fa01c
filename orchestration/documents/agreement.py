"""Compares derived documents with the marts and PostgreSQL: counts and sums of each project."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.documents.collection import Derived, Served
from orchestration.documents.writing import Mongo

COUNT = "documents"
# Sums of fractions depend on the order they are added in.
TOLERANCE = 1e-9

Measures = Mapping[str, float]
Totals = dict[str, Measures]


class DisagreementError(Exception):
    """The stores do not hold the same; the message names the first difference."""


@dataclass(frozen=True)
class Disagreement:
    """`found` is what `place` holds of one project, `expected` what the marts hold."""

    place: str
    project_id: str
    measure: str
    found: float
    expected: float

    def __str__(self) -> str:
        what = f"{self.found:.10g}, the marts {self.expected:.10g}"
        return f"{self.place}: {self.measure} {what} (project {self.project_id})"


def disagreements(
    clickhouse: Client,
    mongo: Mongo,
    postgres: psycopg.Connection[Any],
    collections: Sequence[Derived],
) -> Iterator[tuple[Derived, Disagreement]]:
    """Where a collection, the rows it is made of and the table served beside it differ.

    One pass of each store over a collection or table.
    """
    totals = _of_marts(clickhouse, collections)
    for derived in collections:
        expected = totals[derived.name]
        place = f"{derived.spec.database}.{derived.name}"
        measures = [COUNT, *derived.sums]
        for one in _differences(place, _of_mongodb(mongo, derived), expected, measures):
            yield derived, one
        if derived.served:
            served = _of_postgresql(postgres, derived.served)
            place = f"hxi.{derived.served.table}"
            for one in _differences(place, served, expected, derived.served.measures):
                yield derived, one


def _differences(
    place: str, found: Totals, expected: Totals, measures: Iterable[str]
) -> Iterator[Disagreement]:
    """Of `measures` alone: a project may have rows that the other place has none for."""
    for project in sorted(found.keys() | expected.keys()):
        for measure in measures:
            here, there = (one.get(project, {}).get(measure, 0) for one in (found, expected))
            if not isclose(here, there, rel_tol=TOLERANCE):
                yield Disagreement(place, project, measure, here, there)


def _of_marts(client: Client, collections: Sequence[Derived]) -> dict[str, Totals]:
    """By collection, in one statement."""
    found: dict[str, Totals] = {derived.name: {} for derived in collections}
    for number, project, values in client.query(
        " UNION ALL ".join(
            _totals_query(number, derived) for number, derived in enumerate(collections)
        )
    ).result_rows:
        derived = collections[number]
        found[derived.name][project] = _measures(derived, values)
    return found


def _totals_query(number: int, derived: Derived) -> str:
    sums = "".join(f", toFloat64(ifNull(sum({column}), 0))" for column in derived.sums.values())
    return (
        f"SELECT {number} AS number, project_id, [toFloat64(count()){sums}]"
        f" FROM ({derived.query('1')}) GROUP BY project_id"
    )


def _of_mongodb(mongo: Mongo, derived: Derived) -> Totals:
    """Grouped by the server: counting in a client would read every document."""
    group = {name: {"$sum": f"${name}"} for name in derived.sums}
    pipeline: list[dict[str, Any]] = [{"$match": derived.ours}] if derived.ours else []
    pipeline.append({"$group": {"_id": "$projectId", COUNT: {"$sum": 1}, **group}})
    with derived.spec.of(mongo).aggregate(pipeline) as cursor:
        return {
            str(one["_id"]): _measures(derived, [one[COUNT], *(one[name] for name in derived.sums)])
            for one in cursor
        }


def _of_postgresql(connection: psycopg.Connection[Any], served: Served) -> Totals:
    rows = connection.execute(
        f"SELECT project_id::text, {', '.join(served.measures.values())}"
        f" FROM hxi.{served.table} GROUP BY project_id".encode()
    )
    return {
        project: {
            name: float(value or 0) for name, value in zip(served.measures, values, strict=True)
        }
        for project, *values in rows
    }


def _measures(derived: Derived, values: Sequence[Any]) -> Measures:
    names = [COUNT, *derived.sums]
    return {name: float(value or 0) for name, value in zip(names, values, strict=True)}
