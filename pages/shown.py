"""What a page gets and what it gives: one function each, from `Ask` to `Shown`."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pages.logins import Person, Project
from pages.marts import Marts, Row
from pages.view import View


@dataclass(frozen=True)
class Ask:
    """Who asks for what, and where to read it. `partial` is a day that is not over."""

    view: View
    partial: date | None
    marts: Marts
    person: Person
    projects: Sequence[Project] = ()  # all that the login reads
    ingest_url: str = ""

    def served(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Rows of PostgreSQL by column, as the person's own login."""
        given = {**(parameters or {}), "project": self.view.project.id}
        self.marts.asked.append({"sql": sql, "parameters": given})
        with self.person.connection() as connection:
            cursor = connection.execute(sql, given)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Table:
    """Rows as they are stored: what CSV holds, and what a page formats."""

    name: str
    rows: Sequence[Row]

    def csv(self) -> str:
        """With a line of names. Text that a spreadsheet would take for a formula is quoted by '."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        names = list(self.rows[0]) if self.rows else []
        writer.writerow(names)
        writer.writerows([[_cell(row[name]) for name in names] for row in self.rows])
        return text.getvalue()


@dataclass(frozen=True)
class Shown:
    """A page: its template, its heading, what the template needs, what can be downloaded."""

    template: str
    title: str
    data: dict[str, Any] = field(default_factory=dict)
    tables: Sequence[Table] = ()


class NotThereError(Exception):
    """What the address names is not there, or not for this login: nobody is told which."""


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
