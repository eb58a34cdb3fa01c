"""The pages of a project: name in the address, and what shows it."""

from collections.abc import Callable, Mapping

from pages.shown import Ask, Shown
from pages.views import (
    changes,
    errors,
    funnel,
    health,
    issues,
    journeys,
    latency,
    overview,
    page,
    sessions,
)

SHOWN: Mapping[str, Callable[[Ask], Shown]] = {
    "overview": overview.show,
    "page": page.show,
    "journeys": journeys.show,
    "sessions": sessions.show,
    "issues": issues.show,
    "latency": latency.show,
    "errors": errors.show,
    "funnel": funnel.show,
    "changes": changes.show,
    "health": health.show,
}
