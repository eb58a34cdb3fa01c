"""A report that can be sent: the overview of a period as one file, with its style and its plots."""

import re
from datetime import UTC, datetime
from pathlib import Path

from pages.logins import Person, Project
from pages.marts import Marts
from pages.render import Renderer
from pages.shown import Ask
from pages.view import viewed
from pages.views import overview

HERE = Path(__file__).parent
SCRIPTED = re.compile(r"@media \(prefers-color-scheme: dark\) \{.*?\n\}\n", re.DOTALL)


def report(marts: Marts, person: Person, project: Project, period: str) -> str:
    """HTML without scripts, links or anything to fetch. `period` is a key of PERIODS."""
    view, partial = viewed(marts, project, "overview", {"period": period})
    shown = overview.show(Ask(view, partial, marts, person))
    return Renderer(HERE / "templates").page(
        "report.html",
        **shown.data,
        view=view,
        made_at=datetime.now(UTC),
        style=style(),
    )


def style() -> str:
    """The pages' own sheet, in its light colours: a report is read in mail and on paper."""
    return SCRIPTED.sub("", (HERE / "static" / "pages.css").read_text(), count=1)
