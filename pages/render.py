"""Templates: Jinja, everything in HTML escaped, numbers written one way."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from pages import charts, words
from pages.saved import may_save, saved
from pages.shown import Ask, Shown
from pages.view import FILTER_LABELS, FILTERS, PERIODS, View
from pages.views.overview import judged, written

NAVIGATION = (
    ("overview", "Overview"),
    ("page", "Pages"),
    ("journeys", "Journeys"),
    ("funnel", "Funnel"),
    ("sessions", "Sessions"),
    ("issues", "Issues"),
    ("errors", "Errors"),
    ("latency", "Latency"),
    ("changes", "Changes"),
    ("health", "Health"),
)
PERIOD_LABELS = {
    "1d": "Last day",
    "7d": "Last 7 days",
    "28d": "Last 28 days",
    "90d": "Last 90 days",
}
# Choices of a filter, by how many sessions have them.
CHOICES = """
SELECT choice.1 AS name, choice.2 AS value, count() AS n FROM (
    SELECT arrayJoin([
        ('device', toString(device_type)), ('country', toString(country)),
        ('channel', toString(channel)), ('release', app_version)
    ]) AS choice
    FROM gosight.sessions
    WHERE project_id = {project:String} AND NOT is_excluded
      AND session_date BETWEEN {since:Date} AND {until:Date}
)
GROUP BY name, value ORDER BY name, n DESC, value
"""
MOST_CHOICES = 60
# Pages on which a filter has no meaning: their marts have no such column.
FILTERS_OF = {
    "errors": ("path",),
    "issues": ("path",),
    "health": (),
    "changes": (),
    "journeys": ("device", "country", "channel", "release"),
    "funnel": ("device", "country", "channel", "release"),
}


class Renderer:
    """One environment for the life of the application."""

    def __init__(self, folder: Path) -> None:
        self._jinja = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters.update(
            number=words.number,
            short=words.short,
            percent=words.percent,
            ms=words.ms,
            day=words.day,
            moment=words.moment,
            ago=words.ago,
            named=words.name,
            counted=words.counted,
            data=as_data,
        )
        self._jinja.globals.update(
            delta=words.delta,
            share=charts.share,
            judged=judged,
            written=written,
            version=version(folder.parent / "static"),
            navigation=NAVIGATION,
            csv=csv_link,
            WIDTH=charts.WIDTH,
            HEIGHT=charts.HEIGHT,
        )

    def page(self, template: str, **data: Any) -> str:
        """A page without a project."""
        return self._jinja.get_template(template).render(**data)

    def shown(self, ask: Ask, shown: Shown) -> str:
        """A page of a project, with its navigation, period and filters."""
        return self._jinja.get_template(shown.template).render(
            **shown.data,
            view=ask.view,
            title=shown.title,
            tables=shown.tables,
            partial=ask.partial,
            projects=ask.projects,
            login=ask.person.login,
            periods=tuple(PERIODS),
            period_labels=PERIOD_LABELS,
            filter_labels=FILTER_LABELS,
            choices=choices(ask),
            kept=kept(ask),
            saved=saved(ask),
            may_save=may_save(ask),
        )


def choices(ask: Ask) -> dict[str, list[str]]:
    """Values of each filter of the page; a filter with one value alone is not offered."""
    offered = FILTERS_OF.get(ask.view.page, FILTERS)
    rows = ask.marts.rows(CHOICES, ask.view.parameters())
    found: dict[str, list[str]] = {name: [] for name in offered if name != "path"}
    for row in rows:
        if row["name"] in found and row["value"] and len(found[row["name"]]) < MOST_CHOICES:
            found[row["name"]].append(row["value"])
    chosen = ask.view.filters
    for name, values in found.items():
        if chosen.get(name) and chosen[name] not in values:
            values.append(chosen[name])
    return {name: values for name, values in found.items() if len(values) > 1 or chosen.get(name)}


def kept(ask: Ask) -> dict[str, str]:
    """Parameters that the form of the filters does not hold itself, so that it sends them along."""
    own = {
        "period",
        "since",
        "until",
        "format",
        "table",
        "n",
        *FILTERS_OF.get(ask.view.page, FILTERS),
    }
    return {name: value for name, value in ask.view.given.items() if name not in own}


def as_data(value: Any) -> str:
    """JSON for an attribute that a script reads."""
    return json.dumps(value, default=_plain, separators=(",", ":"))


def version(folder: Path) -> str:
    """Changes with any file of ours, so that no browser shows an old one."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else float(value)


def csv_link(view: View, table: str) -> str:
    """The address of a table of this page as a file."""
    address = view.link(table=table)
    return f"{address}{'&' if '?' in address else '?'}format=csv"
