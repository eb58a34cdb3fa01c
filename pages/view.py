"""What an address asks for: project, period, filters. An address can be shared, so all is in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from pages.logins import Project
from pages.marts import Marts

PERIODS = {"1d": 1, "7d": 7, "28d": 28, "90d": 90}
DEFAULT_PERIOD = "7d"
LONGEST_DAYS = 366
# Days that ClickHouse's Date can count, with as long a period before and a day around them.
FIRST_DAY, LAST_DAY = date(1972, 1, 1), date(2149, 1, 1)
# Filter -> the column of gosight.sessions it compares; a page is filtered by what was viewed.
COLUMNS = {
    "device": "device_type",
    "country": "country",
    "channel": "channel",
    "release": "app_version",
}
NEWEST_DAY = """
SELECT max(day) AS newest, maxIf(day, is_partial) AS partial FROM gosight.project_days
WHERE project_id = {project:String}
"""
FILTERS = (*COLUMNS, "path")
FILTER_LABELS = {
    "device": "Device",
    "country": "Country",
    "channel": "Channel",
    "release": "Release",
    "path": "Page",
}


@dataclass(frozen=True)
class Period:
    """UTC days, both ends included. `name` is a key of PERIODS, or '' for days somebody chose."""

    since: date
    until: date
    name: str = ""

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def before(self) -> "Period":
        """The period as long, that ended the day before this one."""
        length = timedelta(days=self.days)
        return Period(self.since - length, self.until - length)

    def all_days(self) -> list[date]:
        return [self.since + timedelta(days=n) for n in range(self.days)]


@dataclass(frozen=True)
class View:
    """`given` is every parameter as sent, of which each page takes what it knows."""

    project: Project
    page: str
    period: Period
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def filters(self) -> dict[str, str]:
        """Those that are set, of the ones every page has."""
        return {name: self.given[name] for name in FILTERS if self.given.get(name)}

    def link(self, page: str = "", /, **changes: object) -> str:
        """The address of a page with the same project, period and filters, but for `changes`."""
        kept = self.given if page in ("", self.page) else self._carried()
        changed = {**kept, **{name: str(value) for name, value in changes.items()}}
        query = {name: value for name, value in changed.items() if value != ""}
        query.pop("format", None)
        return address(self.project.slug, page or self.page, query)

    def parameters(self) -> dict[str, Any]:
        """Of queries: the period, the start of the one before, the filters."""
        return {
            "since": self.period.since,
            "until": self.period.until,
            "before": self.period.before.since,
            **{name: self.given.get(name, "") for name in FILTERS},
        }

    def _carried(self) -> dict[str, str]:
        """What goes along to another page."""
        names = ("period", "since", "until", *FILTERS)
        return {name: self.given[name] for name in names if self.given.get(name)}


def address(slug: str, page: str, query: Mapping[str, str]) -> str:
    """Of a page of a project."""
    asked = urlencode(query, quote_via=quote, safe="/:,")
    return f"/p/{quote(slug)}/{page}" + (f"?{asked}" if asked else "")


def newest_days(marts: Marts) -> tuple[date, date]:
    """The newest day with an event, today where there is none; and the newest that is not over."""
    days = marts.row(NEWEST_DAY)
    is_known = days["newest"] > date(1990, 1, 1)
    return days["newest"] if is_known else datetime.now(UTC).date(), days["partial"]


def period_of(given: Mapping[str, str], newest: date) -> Period:
    """As the address says; nonsense is the default. A named period ends on the newest day."""
    try:
        since, until = (date.fromisoformat(given[name]) for name in ("since", "until"))
        if FIRST_DAY <= since <= until <= LAST_DAY and (until - since).days < LONGEST_DAYS:
            return Period(since, until)
    except (KeyError, ValueError):
        pass
    name = given.get("period", DEFAULT_PERIOD)
    name = name if name in PERIODS else DEFAULT_PERIOD
    return Period(newest - timedelta(days=PERIODS[name] - 1), newest, name)


def viewed(
    marts: Marts, project: Project, page: str, given: Mapping[str, str]
) -> tuple[View, date | None]:
    """What an address asks for; the day of its period that is not over, if there is one."""
    newest, partial = newest_days(marts)
    period = period_of(given, newest)
    is_partial = period.since <= partial <= period.until
    return View(project, page, period, given), partial if is_partial else None


def visits(view: View, columns: str = "*") -> str:
    """Sessions of the period and of the one before, as a subquery; `is_now` tells them apart."""
    return f"""(
        SELECT {columns}, session_date >= {{since:Date}} AS is_now FROM gosight.sessions
        WHERE project_id = {{project:String}} AND NOT is_excluded
          AND session_date BETWEEN {{before:Date}} AND {{until:Date}}{conditions(view)}
    )"""


def conditions(view: View) -> str:
    """Of the filters that are set, on columns of gosight.sessions."""
    found = [
        f" AND {column} = {{{name}:String}}"
        for name, column in COLUMNS.items()
        if name in view.filters
    ]
    if "path" in view.filters:
        found.append(
            " AND session_id IN (SELECT session_id FROM gosight.page_views"
            " WHERE project_id = {project:String} AND path = {path:String}"
            " AND day BETWEEN {before:Date} - 1 AND {until:Date} + 1)"
        )
    return "".join(found)


def of_visits(view: View) -> str:
    """A condition on session_id, '' where no session is filtered out: rows then need no join.

    Of events-grain tables whose rows without excluded sessions are left out already.
    """
    if not any(name in view.filters for name in COLUMNS):
        return ""
    return (
        " AND session_id IN (SELECT session_id FROM gosight.sessions"
        " WHERE project_id = {project:String}"
        + "".join(f" AND {c} = {{{n}:String}}" for n, c in COLUMNS.items() if n in view.filters)
        + ")"
    )
