"""Compares what is served with the marts it came from: the check at the end of every publish."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.publish.agreements import AGREEMENTS, Agreement
from orchestration.publish.landing import SERVED, Source
from orchestration.publish.parts import EVERYTHING, Part

# Marts read by one statement: it reads them side by side, so not all.
AT_ONCE = 8
Totals = dict[str, tuple[int, int]]


class DisagreementError(Exception):
    """Served rows are not those of the marts; the message names the first difference."""


@dataclass(frozen=True)
class Disagreement:
    """`served` and `expected` are (rows, sum) of one project in one table, with its schema."""

    table: str
    project_id: str
    served: tuple[int, int]
    expected: tuple[int, int]

    def __str__(self) -> str:
        rows, expected = self.served[0], self.expected[0]
        what = f"{rows} rows, the marts {expected}" if rows != expected else "other values"
        return f"{self.table} holds {what} (project {self.project_id})"


Expected = list[tuple[Agreement, Part, Totals]]


def disagreements(
    client: Client,
    connection: psycopg.Connection[Any],
    source: Source = SERVED,
    parts: Sequence[Part] = (EVERYTHING,),
) -> list[Disagreement]:
    """Where served tables and marts differ in these parts."""
    return differences(connection, expected(client, source, parts))


def expected(
    client: Client, source: Source = SERVED, parts: Sequence[Part] = (EVERYTHING,)
) -> Expected:
    """What PostgreSQL should hold in these parts, by the marts; each is read once a part.

    What is no session's rows (issues) is compared whole.
    """
    asked = [
        (agreement, part)
        for agreement in AGREEMENTS
        for part in (parts if agreement.is_of_sessions else (EVERYTHING,))
    ]
    totals = _of_marts(client, asked, source)
    return [(*one, found) for one, found in zip(asked, totals, strict=True)]


def differences(connection: psycopg.Connection[Any], expected: Expected) -> list[Disagreement]:
    """Where it does not, table by table."""
    return [
        difference
        for agreement, part, totals in expected
        for difference in _differences(agreement, totals, connection, part)
    ]


def sessions_agree(client: Client, connection: psycopg.Connection[Any]) -> bool:
    """Whether served sessions are those of the marts: soon asked, and wrong where a copy is old."""
    (of_sessions,) = (one for one in AGREEMENTS if (one.schema, one.table) == ("hxi", "sessions"))
    (totals,) = _of_marts(client, [(of_sessions, EVERYTHING)], SERVED)
    return not any(_differences(of_sessions, totals, connection, EVERYTHING))


def _of_marts(
    client: Client, asked: Sequence[tuple[Agreement, Part]], source: Source
) -> list[Totals]:
    """What PostgreSQL should hold of each; a mart is read once a part, AT_ONCE in one statement."""
    found: list[Totals] = [{} for _ in asked]
    of_marts: dict[tuple[str, Part], list[int]] = {}
    for number, (agreement, part) in enumerate(asked):
        of_marts.setdefault((agreement.mart, part), []).append(number)
    readings = list(of_marts.items())
    for begin in range(0, len(readings), AT_ONCE):
        query = " UNION ALL ".join(
            f"SELECT {numbers} AS asked, project_id, [{', '.join(_totals(asked, numbers))}]"
            f" FROM {mart.format(marts=source.marts)} WHERE {part.of_marts(source)}"
            " GROUP BY project_id"
            for (mart, part), numbers in readings[begin : begin + AT_ONCE]
        )
        for numbers, project, totals in client.query(query).result_rows:
            for number, (rows, total) in zip(numbers, totals, strict=True):
                found[number][project] = (int(rows), int(total))
    return found


def _totals(asked: Sequence[tuple[Agreement, Part]], numbers: Iterable[int]) -> Iterator[str]:
    for agreement, _ in (asked[number] for number in numbers):
        rows, total = (
            f"toInt128({one.format(only=f'({agreement.only})')})"
            for one in (agreement.mart_rows, agreement.mart_sum)
        )
        yield f"({rows}, {total})"


def _differences(
    agreement: Agreement, expected: Totals, connection: psycopg.Connection[Any], part: Part
) -> Iterator[Disagreement]:
    table = f"{agreement.schema}.{agreement.table}"
    served: Totals = {
        project: (int(count), int(total))
        for project, count, total in connection.execute(
            f"SELECT project_id::text, count(*), {agreement.served_sum} FROM {table}"
            f" WHERE {agreement.served_only} AND {part.of_served(agreement.session_type)}"
            " GROUP BY project_id".encode()
        )
    }
    for project in sorted(expected.keys() | served.keys()):
        pair = served.get(project, (0, 0)), expected.get(project, (0, 0))
        if pair[0] != pair[1]:
            yield Disagreement(table, project, *pair)
