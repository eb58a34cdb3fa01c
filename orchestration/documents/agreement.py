"""Compares derived documents with the marts and PostgreSQL: counts and sums of each project."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import isclose
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.documents.collection import Derived, Served
from orchestration.documents.sessions import by_project
from orchestration.documents.writing import Mongo
from orchestration.publish.landing import SERVED
from orchestration.publish.parts import EVERYTHING, Named, Part

COUNT = "documents"
# Sums of fractions depend on the order they are added in.
TOLERANCE = 1e-9
OTHERS = "that no mart has"
SESSIONS_AT_ONCE = 500  # in one filter

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
    parts: Sequence[Part] = (EVERYTHING,),
) -> Iterator[tuple[Derived, Disagreement]]:
    """Where a collection, the rows it is made of and the table served beside it differ.

    In these parts of all sessions; where that is not everything, documents are counted as well, so
    that those of sessions that no mart has are noticed. The marts are read beside the others.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="marts") as pool:
        of_marts = partial(_of_marts, clickhouse, collections)
        asked = [(part, pool.submit(of_marts, part.of_marts(SERVED))) for part in parts]
        counts = None if EVERYTHING in parts else pool.submit(_counts, clickhouse, collections)
        for part, totals in asked:
            sessions = None if part is EVERYTHING else _sessions(clickhouse, part)
            for derived in collections:
                yield from _of_collection(derived, part, sessions, totals, mongo, postgres)
        if counts:
            yield from _miscounted(mongo, counts.result(), collections)


def _of_collection(
    derived: Derived,
    part: Part,
    sessions: Mapping[str, Sequence[str]] | None,
    of_marts: Future[dict[str, Totals]],
    mongo: Mongo,
    postgres: psycopg.Connection[Any],
) -> Iterator[tuple[Derived, Disagreement]]:
    """The part's sessions by project, None for all."""
    if sessions is None and not derived.sums:
        found = _counted(mongo, derived, of_marts.result()[derived.name])
    else:
        found = _of_mongodb(mongo, derived, sessions)
    expected = of_marts.result()[derived.name]
    for one in _differences(_place(derived), found, expected, [COUNT, *derived.sums]):
        yield derived, one
    if derived.served:
        served = _of_postgresql(postgres, derived.served, part.of_served("uuid"))
        place = f"hxi.{derived.served.table}"
        for one in _differences(place, served, expected, derived.served.measures):
            yield derived, one


def _miscounted(
    mongo: Mongo, counts: Mapping[str, int], collections: Sequence[Derived]
) -> Iterator[tuple[Derived, Disagreement]]:
    """By the server's own count, where all documents are ours."""
    for derived in collections:
        if not derived.ours:
            found = derived.spec.of(mongo).estimated_document_count()
            expected = counts[derived.name]
            if found != expected:
                yield derived, Disagreement(_place(derived), "all", COUNT, found, expected)


def _place(derived: Derived) -> str:
    return f"{derived.spec.database}.{derived.name}"


def _sessions(client: Client, part: Part) -> Mapping[str, Sequence[str]]:
    """By project: those of the marts, and those that were written and may have left them."""
    if isinstance(part, Named):
        return part.ids
    return by_project(
        client,
        f"SELECT project_id, session_id FROM gosight.sessions WHERE {part.of_marts(SERVED)}",
    )


def _differences(
    place: str, found: Totals, expected: Totals, measures: Iterable[str]
) -> Iterator[Disagreement]:
    """Of `measures` alone: a project may have rows that the other place has none for."""
    for project in sorted(found.keys() | expected.keys()):
        for measure in measures:
            here, there = (one.get(project, {}).get(measure, 0) for one in (found, expected))
            if not isclose(here, there, rel_tol=TOLERANCE):
                yield Disagreement(place, project, measure, here, there)


def _of_marts(client: Client, collections: Sequence[Derived], only: str) -> dict[str, Totals]:
    """By collection, in one statement; of the sessions for which `only` holds."""
    found: dict[str, Totals] = {derived.name: {} for derived in collections}
    for number, project, values in client.query(
        " UNION ALL ".join(
            _totals_query(number, derived, only) for number, derived in enumerate(collections)
        )
    ).result_rows:
        derived = collections[number]
        found[derived.name][project] = _measures(derived, values)
    return found


def _counts(client: Client, collections: Sequence[Derived]) -> dict[str, int]:
    """Documents that the marts make, by collection, in one statement."""
    rows = client.query(
        " UNION ALL ".join(
            f"SELECT '{derived.name}', count() FROM ({derived.query('1')})"
            for derived in collections
        )
    ).result_rows
    return {str(name): int(count) for name, count in rows}


def _totals_query(number: int, derived: Derived, only: str) -> str:
    sums = "".join(f", toFloat64(ifNull(sum({column}), 0))" for column in derived.sums.values())
    return (
        f"SELECT {number} AS number, project_id, [toFloat64(count()){sums}]"
        f" FROM ({derived.query(only)}) GROUP BY project_id"
    )


def _counted(mongo: Mongo, derived: Derived, projects: Iterable[str]) -> Totals:
    """Documents of each project, and of any other under OTHERS: no document is read."""

    def count(**wanted: str) -> float:
        # Of an index, unlike pymongo's own counting, which is a $group.
        query = {**wanted, **derived.ours}
        return float(mongo[derived.spec.database].command("count", derived.name, query=query)["n"])

    found = {one: {COUNT: count(projectId=one)} for one in projects}
    others = count() - sum(one[COUNT] for one in found.values())
    return {**found, OTHERS: {COUNT: others}} if others else dict(found)


def _of_mongodb(
    mongo: Mongo, derived: Derived, sessions: Mapping[str, Sequence[str]] | None
) -> Totals:
    """Grouped by the server: counting in a client would read every document."""
    group = {name: {"$sum": f"${name}"} for name in derived.sums}
    found: dict[str, dict[str, float]] = {}
    for match in _matches(derived, sessions):
        pipeline: list[dict[str, Any]] = [{"$match": match}] if match else []
        pipeline.append({"$group": {"_id": "$projectId", COUNT: {"$sum": 1}, **group}})
        with derived.spec.of(mongo).aggregate(pipeline) as cursor:
            for one in cursor:
                sums = found.setdefault(str(one["_id"]), {})
                values = [one[COUNT], *(one[name] for name in derived.sums)]
                for name, value in _measures(derived, values).items():
                    sums[name] = sums.get(name, 0) + value
    return dict(found)


def _matches(
    derived: Derived, sessions: Mapping[str, Sequence[str]] | None
) -> Iterator[dict[str, Any]]:
    """Filters that have all documents of these sessions once; None: of all sessions."""
    if sessions is None:
        yield dict(derived.ours)
        return
    for project, ids in sessions.items():
        for begin in range(0, len(ids), SESSIONS_AT_ONCE):
            some = {"$in": list(ids[begin : begin + SESSIONS_AT_ONCE])}
            yield {"projectId": project, "sessionId": some, **derived.ours}


def _of_postgresql(connection: psycopg.Connection[Any], served: Served, only: str) -> Totals:
    rows = connection.execute(
        f"SELECT project_id::text, {', '.join(served.measures.values())}"
        f" FROM hxi.{served.table} WHERE {only} GROUP BY project_id".encode()
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
