"""Times as planned: how long visitors were active and pages held them, what each hour saw.

The generator's own arithmetic: nothing of the pipeline is used.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any

from simulate.planned import View

HOUR_MS = 3_600_000
LONGEST_GAP_MS = 30_000
INTERACTIONS = frozenset(
    {
        *("click", "dblclick", "context_menu", "scroll", "scroll_milestone"),
        *("input_change", "input_focus", "input_blur"),
        *("form_start", "form_submit", "form_abandon", "form_error"),
    }
)

# Of them those that leaving the page makes by itself: they do not tell that it is seen.
BY_LEAVING = frozenset({"input_blur", "form_abandon"})
SHOWS = frozenset({"page_visible", "page_view"}) | (INTERACTIONS - BY_LEAVING)

Moment = tuple[int, str, str]
"""Time, event type, path."""


def engaged_ms(timeline: Iterable[Moment]) -> int:
    """Gaps between interactions, each cut to 30 s, without what of them lies in hidden time."""
    moments = sorted(timeline)
    active = [at for at, kind, _ in moments if kind in INTERACTIONS]
    hidden = _hidden(moments)
    engaged = 0
    for start, following in pairwise(active):
        end = min(following, start + LONGEST_GAP_MS)
        away = (min(end, until) - max(start, since) for since, until in hidden)
        engaged += end - start - sum(span for span in away if span > 0)
    return engaged


def _hidden(moments: Sequence[Moment]) -> list[tuple[int, int]]:
    """From each page_hidden to what shows the page again, or to the session's end."""
    spans: list[tuple[int, int]] = []
    since: int | None = None
    for at, kind, _ in moments:
        if kind == "page_hidden" and since is None:
            since = at
        elif kind in SHOWS and since is not None:
            spans.append((since, at))
            since = None
    if since is not None:
        spans.append((since, moments[-1][0]))
    return spans


def steps(views: Iterable[View], ended_at: int) -> list[dict[str, Any]]:
    """The journey: runs of one path are one step, which lasts until the next one starts."""
    runs = [list(run) for _, run in groupby(views, key=lambda view: view.path)]
    starts = [run[0].at for run in runs]
    return [
        {"path": run[0].path, "at": at, "dwell_ms": left - at, "run_length": len(run)}
        for run, at, left in zip(runs, starts, [*starts, ended_at][1:], strict=True)
    ]


def hourly(timeline: Iterable[Moment]) -> list[dict[str, Any]]:
    """Events by hour (its start, ms), path and type."""
    counts = Counter((at - at % HOUR_MS, path, kind) for at, kind, path in timeline)
    return [
        {"hour": hour, "path": path, "type": kind, "events": count}
        for (hour, path, kind), count in counts.items()
    ]
