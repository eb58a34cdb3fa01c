"""What a program may ask in a BI login's name: every mart by its contract, and what pages show.

Each answer says which marts it is made of, the keys of their rows, and the queries that were sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from pages import contracts
from pages.contracts import Exposure, Mart
from pages.logins import Person, Project
from pages.marts import Marts
from pages.shown import Ask, NotThereError, Shown
from pages.view import FILTER_LABELS, PERIODS, View, viewed
from pages.views import session
from pages.views.shown_pages import SHOWN

ROWS, MOST_ROWS = 100, 1000
OF_PAGE, OF_MART = "page_", "mart_"
SESSION = "session"
TEXT: Mapping[str, Any] = {"type": "string"}
DAYS: Mapping[str, Any] = {
    "project": {**TEXT, "description": "Slug; may be left out where the login reads one project"},
    "period": {"enum": list(PERIODS), "description": "So many days, up to the newest with events"},
    "since": {**TEXT, "format": "date", "description": "First UTC day, instead of period"},
    "until": {**TEXT, "format": "date", "description": "Last UTC day"},
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": ROWS},
}
Answer = dict[str, Any]


class ToolError(Exception):
    """What was asked cannot be answered; the message says why."""


@dataclass(frozen=True)
class Tool:
    """A name, what it answers, and the properties of a JSON Schema of what it takes."""

    name: str
    description: str
    takes: Mapping[str, Any]
    required: Sequence[str] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of its arguments."""
        return {
            "type": "object",
            "properties": dict(self.takes),
            "required": list(self.required),
            "additionalProperties": False,
        }


@dataclass(frozen=True)
class Asker:
    """A BI login, and how to read the marts of a project that it was shown."""

    person: Person
    marts_of: Callable[[Project], Marts]

    def project(self, slug: str) -> Project:
        """The one of that name, or the only one. ToolError for any that the login does not read."""
        projects = self.person.projects()
        found = [one for one in projects if one.slug == slug or (not slug and len(projects) == 1)]
        if not found:
            known = ", ".join(one.slug for one in projects) or "none"
            raise ToolError(f"name one of this login's projects: {known}")
        return found[0]


def tools() -> list[Tool]:
    """Of every page that an exposure has, and of every mart."""
    pages = [_of_page(one) for one in contracts.exposures() if one.page]
    return [*pages, *map(_of_mart, contracts.marts().values())]


def answer(asker: Asker, name: str, arguments: Mapping[str, Any]) -> Answer:
    """Of the tool of that name. ToolError, and the stores' errors."""
    known = {tool.name: tool for tool in tools()}
    if name not in known:
        raise ToolError(f"no tool {name}")
    if unknown := arguments.keys() - known[name].takes.keys():
        raise ToolError(f"{name} does not take {', '.join(sorted(unknown))}")
    if wrong := best_match(Draft202012Validator(known[name].schema).iter_errors(arguments)):
        raise ToolError(f"{'.'.join(map(str, wrong.path))}: {wrong.message[:300]}")
    project = asker.project(str(arguments.get("project", "")))
    marts = asker.marts_of(project)
    if name.startswith(OF_MART):
        return _rows_of(contracts.marts()[name.removeprefix(OF_MART)], marts, project, arguments)
    exposure = next(e for e in contracts.exposures() if OF_PAGE + e.name == name)
    return _shown(exposure, asker.person, marts, project, arguments)


def _of_page(exposure: Exposure) -> Tool:
    filters = {name: {**TEXT, "description": f"Only this {label.lower()}"} for name, label in
               FILTER_LABELS.items()}  # fmt: skip
    more = {"page": {**TEXT, "description": "A path, where the page shows one"}}
    one = {SESSION: {**TEXT, "format": "uuid", "description": "The session's id"}}
    is_session = exposure.page == SESSION
    return Tool(
        OF_PAGE + exposure.name,
        f"{exposure.label}: {exposure.description} As the page shows it; made of"
        f" {', '.join(exposure.marts)}.",
        {**DAYS, **(one if is_session else {**filters, **more})},
        [SESSION] if is_session else [],
    )


def _of_mart(mart: Mart) -> Tool:
    told = "\n".join(f"- {name}: {one.description}" for name, one in mart.columns.items())
    names = list(mart.columns)
    return Tool(
        OF_MART + mart.name,
        f"{mart.description}\nColumns:\n{told}",
        {
            **DAYS,
            "columns": {
                "type": "array",
                "items": {"enum": names},
                "minItems": 1,
                "description": "Default: all",
            },
            "where": {
                "type": "object",
                "properties": {one: {"type": ["string", "number"]} for one in names},
                "additionalProperties": False,
                "description": "Values that columns must have",
            },
        },
    )


def _rows_of(mart: Mart, marts: Marts, project: Project, arguments: Mapping[str, Any]) -> Answer:
    where = dict(arguments.get("where", {}))
    columns = list(arguments.get("columns", mart.columns))
    view, _ = viewed(marts, project, "", _texts(arguments))
    limit = int(arguments.get("limit", ROWS))
    given = {**_period(view), **{f"w{n}": str(value) for n, value in enumerate(where.values())}}
    rows = marts.rows(_sql(mart, columns, list(where), limit + 1), given)
    return {
        **_about(project, view, [mart], marts),
        "rows": rows[:limit],
        "has_more": len(rows) > limit,
    }


def _sql(mart: Mart, columns: Sequence[str], where: Sequence[str], limit: int) -> str:
    """Newest first; values are compared as the column's own type, by the index where it has one."""
    selected = ", ".join(_read(name, mart.columns[name].type) for name in columns)
    conditions = "".join(
        f" AND {name} = CAST({{w{n}:String}}, '{_quoted(mart.columns[name].type)}')"
        for n, name in enumerate(where)
    )
    return (
        f"SELECT {selected} FROM gosight.{mart.name} WHERE project_id = {{project:String}}"
        f" AND {mart.day} BETWEEN {{since:Date}} AND {{until:Date}}{conditions}"
        f" ORDER BY {mart.day} DESC, {', '.join(mart.key)} LIMIT {limit}"
    )


def _read(name: str, kind: str) -> str:
    """States are finished: a row of a day needs no merging."""
    return f"finalizeAggregation({name}) AS {name}" if kind.startswith("AggregateF") else name


def _quoted(kind: str) -> str:
    return kind.replace("'", "\\'")


def _period(view: View) -> Answer:
    return {"since": view.period.since, "until": view.period.until}


def _shown(
    exposure: Exposure,
    person: Person,
    marts: Marts,
    project: Project,
    arguments: Mapping[str, Any],
) -> Answer:
    """The tables of a page, as its CSV has them."""
    view, partial = viewed(marts, project, _address(exposure, arguments), _texts(arguments))
    try:
        shown = _page(exposure, Ask(view, partial, marts, person), arguments)
    except NotThereError as error:
        raise ToolError("there is no such thing in this project") from error
    limit = int(arguments.get("limit", ROWS))
    tables = {
        table.name: {"rows": list(islice(table.rows, limit)), "of": len(table.rows)}
        for table in shown.tables
    }
    made_of = [contracts.marts()[name] for name in exposure.marts]
    return {**_about(project, view, made_of, marts), "page": view.link(), "tables": tables}


def _address(exposure: Exposure, arguments: Mapping[str, Any]) -> str:
    return f"sessions/{arguments.get(SESSION)}" if exposure.page == SESSION else exposure.page


def _page(exposure: Exposure, ask: Ask, arguments: Mapping[str, Any]) -> Shown:
    if exposure.page != SESSION:
        return SHOWN[exposure.page](ask)
    try:
        return session.show(ask, UUID(str(arguments.get(SESSION, ""))))
    except ValueError as error:
        raise ToolError("session is a UUID") from error


def _texts(arguments: Mapping[str, Any]) -> dict[str, str]:
    """As an address would have them."""
    kept = {name: value for name, value in arguments.items() if isinstance(value, str)}
    return {
        name: value.replace("\0", "")
        for name, value in kept.items()
        if name not in ("project", SESSION)
    }


def _about(project: Project, view: View, made_of: Sequence[Mart], marts: Marts) -> Answer:
    return {
        "project": project.slug,
        **{name: str(day) for name, day in _period(view).items()},
        "marts": [f"gosight.{mart.name}" for mart in made_of],
        "keys": {mart.name: list(mart.key) for mart in made_of},
        "queries": marts.asked,
    }
