"""Score and state as planned: each rule worked out by hand from what the generator planned.

Rules: experience score xs-1 and behaviour state bs-1. Nothing of the pipeline is used.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from simulate.planned import Call, Planned, View

# xs-1: points of a first time; d(w, n) = floor(w * (1 - 0.6^n) / 0.4 + 0.5).
WEIGHTS = {
    "rage_click": 12,
    "error_click": 12,
    "form_abandonment": 8,
    "api_5xx": 6,
    "js_error": 6,
    "dead_click_observed": 5,
    "dead_click_inferred": 2,
    "thrashed_cursor": 4,
    "u_turn": 3,
    "api_4xx": 3,
    "form_error": 3,
}
# Good up to the first, poor beyond the second: ms, thousandths for CLS.
VITALS = {"lcp": (2_500, 4_000), "inp": (200, 500), "cls_thousandths": (100, 250)}
SATISFIED_MS, TOLERABLE_MS = 500, 2_000
LAST_BAD_MS = 10_000
ENGAGED_MS, VERY_ENGAGED_MS = 10_000, 60_000
NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Score:
    """Points taken off by code; how often each problem was met."""

    deductions: dict[str, int]
    times: Mapping[str, int]

    @property
    def points(self) -> int:
        """0 to 100."""
        return max(0, 100 - sum(self.deductions.values()))


def score(
    ended_at: int,
    events: Mapping[str, int],
    insights: Sequence[Planned],
    calls: Sequence[Call],
    views: Sequence[View],
) -> Score:
    """Of one session; `events`: how many of each type."""
    charged = [row for row in insights if row.charged]
    times = Counter(_code(row) for row in charged)
    times["api_5xx"] = sum(call.is_failed for call in calls)
    times["api_4xx"] = sum(400 <= call.status < 500 for call in calls)
    times["form_error"] = events.get("form_error", 0)
    tied = sum(row.count for row in insights if row.kind == "error_click")
    raised = events.get("js_error", 0) + events.get("unhandled_rejection", 0)
    times["js_error"] = raised - tied
    deductions = {code: _repeated(weight, times[code]) for code, weight in WEIGHTS.items()}
    for vital, (good, poor) in VITALS.items():
        values = [value for view in views if (value := getattr(view, vital)) is not None]
        deductions[f"vitals_{vital.split('_')[0]}"] = _vital(values, good, poor)
    deductions["slow_api"] = _slow_api(calls)
    bad = [row.at for row in charged if row.kind in ("rage_click", "error_click", "dead_click")]
    bad += [call.at for call in calls if call.is_failed]
    times["last_bad"] = any(at > ended_at - LAST_BAD_MS for at in bad)
    deductions["last_bad"] = 5 * times["last_bad"]
    return Score({code: points for code, points in deductions.items() if points}, times)


def _code(row: Planned) -> str:
    return f"{row.kind}_{row.grade}" if row.kind == "dead_click" else row.kind


def _repeated(weight: int, times: int) -> int:
    geometric = weight * (1 - Fraction(3, 5) ** times) / Fraction(2, 5)
    return int(geometric + Fraction(1, 2))


def _vital(values: Sequence[int], good: int, poor: int) -> int:
    """By the 75th percentile, linear between neighbours."""
    if not values:
        return 0
    ordered = sorted(values)
    place = Fraction(3, 4) * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    p75 = ordered[below] + (place - below) * (ordered[above] - ordered[below])
    return 0 if p75 <= good else 2 if p75 <= poor else 5


def _slow_api(made_calls: Sequence[Call]) -> int:
    calls = [call for call in made_calls if call.is_measured]
    if (made := len(calls)) < 3:
        return 0
    fine = [call.duration_ms or 0 for call in calls if not call.is_failed]
    satisfied = sum(took <= SATISFIED_MS for took in fine)
    tolerating = sum(SATISFIED_MS < took <= TOLERABLE_MS for took in fine)
    return (15 * (2 * made - 2 * satisfied - tolerating) + made) // (2 * made)


def state(
    times: Mapping[str, int], engaged: int, depth: int, views: int, forms: frozenset[str]
) -> str:
    """What a session's events support most; `forms`: started, sent, refilled."""
    frustrated = (
        3 * bool(times["rage_click"])
        + 3 * bool(times["error_click"])
        + 2 * (times["dead_click_observed"] >= 2)
        + bool(times["api_5xx"])
        + 2 * bool(times["last_bad"])
    )
    points = {
        "frustrated": frustrated,
        "confused": 2 * bool(times["u_turn"])
        + 2 * (times["form_error"] >= 2)
        + 2 * ("refilled" in forms),
        "engaged": (engaged >= ENGAGED_MS)
        + (engaged >= VERY_ENGAGED_MS)
        + (depth >= 50)
        + (views >= 2)
        + ("started" in forms),
        "satisfied": 4 * ("sent" in forms and not frustrated),
        "disengaged": 2 * (views == 1) + (engaged < ENGAGED_MS),
    }
    (best, most), (_, second) = sorted(points.items(), key=lambda item: -item[1])[:2]
    return NEUTRAL if most < 2 or most == second else best
