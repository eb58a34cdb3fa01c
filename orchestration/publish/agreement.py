"""Compares what is served with the marts it came from: the check at the end of every publish."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.publish.agreements import AGREEMENTS, Agreement
from orchestration.publish.landing import SERVED, Source
from orchestration.publish.parts import EVERYTHING, Part

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


def disagreements(
    client: Client,
    connection: psycopg.Connection[Any],
    source: Source = SERVED,
    parts: Sequence[Part] = (EVERYTHING,),
) -> list[Disagreement]:
    """Where served tables and marts differ in these parts; each is read once, table by table.

    What is no session's rows (issues) is compared whole.
    """
    return [
        difference
        for agreement in AGREEMENTS
        for part in (parts if agreement.is_of_sessions else (EVERYTHING,))
        for difference in _of(agreement, client, connection, source, part)
    ]


def sessions_agree(
    client: Client, connection: psycopg.Connection[Any], source: Source = SERVED
) -> bool:
    """Whether served sessions are those of the marts: soon asked, and wrong where a copy is old."""
    (of_sessions,) = (one for one in AGREEMENTS if (one.schema, one.table) == ("hxi", "sessions"))
    return not any(_of(of_sessions, client, connection, source, EVERYTHING))


def _of(
    agreement: Agreement,
    client: Client,
    connection: psycopg.Connection[Any],
    source: Source,
    part: Part,
) -> Iterator[Disagreement]:
    rows = client.query(
        f"SELECT project_id, {agreement.mart_rows}, {agreement.mart_sum}"
        f" FROM {agreement.mart.format(marts=source.marts)}"
        f" WHERE {agreement.only} AND {part.of_marts(source)} GROUP BY project_id"
    ).result_rows
    expected: Totals = {project: (int(count), int(total)) for project, count, total in rows}
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
