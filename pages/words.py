"""Numbers, times and names as people read them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isnan
from typing import Literal

Meaning = Literal["good", "bad", "same", "none"]
NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
# Code of a deduction or an insight -> what it is called.
NAMES = {
    "rage_click": "Rage clicks",
    "dead_click": "Dead clicks",
    "dead_click_observed": "Dead clicks (seen)",
    "dead_click_inferred": "Dead clicks",
    "error_click": "Clicks met by an error",
    "u_turn": "U-turns",
    "slow_page": "Slow page",
    "slow_load": "Slow page",
    "form_abandonment": "Abandoned form",
    "thrashed_cursor": "Thrashed cursor",
    "error": "Error",
    "js_error": "Script error",
    "unhandled_rejection": "Unhandled rejection",
    "resource_error": "Missing resource",
    "console_error": "Console error",
    "api_5xx": "Failed requests",
    "api_4xx": "Refused requests",
    "form_error": "Form errors",
    "slow_api": "Slow requests",
    "vitals_lcp": "Slow to show (LCP)",
    "vitals_inp": "Slow to answer (INP)",
    "vitals_cls": "Layout shifts (CLS)",
    "last_bad": "Left right after trouble",
    "bounce": "Bounce",
}


@dataclass(frozen=True)
class Delta:
    """A change as text with its sign, what it means, and a sentence for who cannot see colours."""

    text: str
    meaning: Meaning
    told: str


def name(code: str) -> str:
    """Of a signal or a deduction."""
    return NAMES.get(code, code.replace("_", " ").capitalize())


def number(value: float | None, digits: int = 0) -> str:
    """With thousands separators; nothing measured is a dash."""
    return NOTHING if _is_none(value) else f"{value:,.{digits}f}"


def short(value: float | None) -> str:
    """At most five characters and a unit: 940, 9,412, 48k, 3.1M."""
    if value is None or _is_none(value):
        return NOTHING
    for least, limit, unit in ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= least * 0.9995:
            scaled = value / limit
            return f"{scaled:.1f}{unit}" if abs(scaled) < 10 else f"{scaled:.0f}{unit}"
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.1f}"


def counted(value: int, noun: str) -> str:
    """1 session, 2,000 sessions."""
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


def percent(value: float | None, digits: int = 1) -> str:
    """Of a share from 0 to 1."""
    return NOTHING if value is None or _is_none(value) else f"{100 * value:.{digits}f}%"


def ms(value: float | None) -> str:
    """Milliseconds as people say them: 340 ms, 2.31 s, 4 min 05 s, 3 h 12 min."""
    if value is None or _is_none(value):
        return NOTHING
    if value < 1_000:
        return f"{value:.0f} ms"
    if value < 60_000:
        return f"{value / 1_000:.2f} s"
    minutes, seconds = divmod(round(value / 1_000), 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def day(value: date) -> str:
    """7 Nov."""
    return f"{value.day} {value:%b}"


def moment(value: datetime | None) -> str:
    """7 Nov 2026, 14:05, UTC."""
    return NOTHING if value is None else f"{value.day} {value:%b %Y, %H:%M}"


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """How long since a moment; the larger unit alone."""
    if value is None:
        return "never"
    seconds = int(((now or datetime.now(UTC)) - _aware(value)).total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' * (count > 1)} ago"
    return "just now"


def delta(now: float | None, before: float | None, better: str = "up", unit: str = "%") -> Delta:
    """The change since the period before, relative, or in the points of `unit` if that is not %.

    `better` is 'up', 'down', or '' where neither is.
    """
    if now is None or before is None or _is_none(now) or _is_none(before):
        return Delta(NOTHING, "none", "nothing to compare with")
    if unit != "%":
        return _told(now - before, f"{now - before:+.1f}{unit}", better)
    if before == 0:
        return Delta("new" if now else "0%", "none", "there were none before")
    change = (now - before) / before
    return _told(
        change, f"{100 * change:+.0f}%" if abs(change) < 9.995 else f"x{now / before:.0f}", better
    )


def _told(change: float, text: str, better: str) -> Delta:
    text = text.replace("-", MINUS)
    if not any(digit in text for digit in "123456789"):
        return Delta(text.lstrip("+" + MINUS), "same", "as before")
    word = "more" if change > 0 else "less"
    if not better:
        return Delta(text, "same", f"{word} than before")
    is_good = (change > 0) == (better == "up")
    return Delta(
        text, "good" if is_good else "bad", f"{'better' if is_good else 'worse'} than before"
    )


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _is_none(value: float | None) -> bool:
    return value is None or isnan(value)
