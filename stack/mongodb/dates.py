"""Dates of the aggregation language, in UTC: parts, truncation, text."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from stack.mongodb.errors import MongoError, bad_value
from stack.mongodb.values import null_if_missing

EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - documents keep UTC without a zone
WEEK_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
STEPS = {
    "millisecond": timedelta(milliseconds=1),
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
DEFAULT_FORMAT = "%Y-%m-%dT%H:%M:%S.%LZ"
_DIRECTIVES: dict[str, Callable[[datetime], str]] = {
    "%": lambda _: "%",
    "Y": lambda one: f"{one.year:04}",
    "m": lambda one: f"{one.month:02}",
    "d": lambda one: f"{one.day:02}",
    "H": lambda one: f"{one.hour:02}",
    "M": lambda one: f"{one.minute:02}",
    "S": lambda one: f"{one.second:02}",
    "L": lambda one: f"{one.microsecond // 1000:03}",
    "j": lambda one: f"{one.timetuple().tm_yday:03}",
}
PARTS: dict[str, Callable[[datetime], int]] = {
    "$year": lambda one: one.year,
    "$month": lambda one: one.month,
    "$dayOfMonth": lambda one: one.day,
    "$dayOfYear": lambda one: one.timetuple().tm_yday,
    "$dayOfWeek": lambda one: one.isoweekday() % 7 + 1,
    "$hour": lambda one: one.hour,
    "$minute": lambda one: one.minute,
    "$second": lambda one: one.second,
    "$millisecond": lambda one: one.microsecond // 1000,
}


def part(name: str, value: Any) -> int | None:
    """Of a date; null of null."""
    moment = _date(name, value)
    return None if moment is None else PARTS[name](moment)


def truncated(given: dict[str, Any]) -> datetime | None:
    """$dateTrunc: bins are counted from 2000-01-01, weeks begin on Sunday unless told."""
    _only("$dateTrunc", given, {"date", "unit", "binSize", "startOfWeek", "timezone"})
    unit, size = str(given.get("unit")), given.get("binSize", 1)
    moment = _date("$dateTrunc", given.get("date"))
    if not isinstance(size, int) or size < 1:
        raise MongoError(5439015, "$dateTrunc requires 'binSize' to be greater than 0")
    if moment is None:
        return None
    if unit in MONTHS:
        return _by_months(moment, MONTHS[unit] * size)
    if unit == "week":
        if size > 1:
            raise bad_value("$dateTrunc: this server has no bins of several weeks")
        return _by(moment, _first_week(given.get("startOfWeek", "sunday")), timedelta(7) * size)
    if unit not in STEPS:
        raise MongoError(9, f"$dateTrunc parameter 'unit' value cannot be recognized: {unit}")
    return _by(moment, EPOCH.replace(tzinfo=moment.tzinfo), STEPS[unit] * size)


def text(given: dict[str, Any]) -> str | None:
    """$dateToString with the directives listed above."""
    _only("$dateToString", given, {"date", "format", "onNull", "timezone"})
    moment = _date("$dateToString", given.get("date"))
    if moment is None:
        return given.get("onNull")
    parts = str(given.get("format", DEFAULT_FORMAT)).split("%")
    made = [parts.pop(0)]
    while parts:
        one = parts.pop(0)
        if one == "" and parts:
            made.append("%" + parts.pop(0))
        elif one[:1] in _DIRECTIVES:
            made.append(_DIRECTIVES[one[0]](moment) + one[1:])
        else:
            raise MongoError(18536, f"Invalid format character '%{one[:1]}' in format string")
    return "".join(made)


def _date(name: str, value: Any) -> datetime | None:
    found = null_if_missing(value)
    if found is not None and not isinstance(found, datetime):
        raise MongoError(16006, f"can't convert from {type(found).__name__} to Date for {name}")
    return found


def _only(name: str, given: dict[str, Any], known: set[str]) -> None:
    for one in given.keys() - known:
        raise MongoError(9, f"Unrecognized argument to {name}: {one}")
    if given.get("timezone", "UTC") not in ("UTC", "GMT", "+00:00", "Etc/UTC"):
        raise bad_value(f"{name}: this server knows no time zone but UTC")


def _first_week(day: Any) -> datetime:
    """The first such day from the epoch on, which was a Saturday."""
    if str(day).lower() not in WEEK_DAYS:
        raise MongoError(9, f"$dateTrunc parameter 'startOfWeek' cannot be recognized: {day}")
    return EPOCH + timedelta(days=(WEEK_DAYS.index(str(day).lower()) - 6) % 7)


def _by(moment: datetime, start: datetime, step: timedelta) -> datetime:
    start = start.replace(tzinfo=moment.tzinfo)
    return start + (moment - start) // step * step


def _by_months(moment: datetime, months: int) -> datetime:
    since = (moment.year - EPOCH.year) * 12 + moment.month - 1
    year, month = divmod(since // months * months, 12)
    return EPOCH.replace(year=EPOCH.year + year, month=month + 1, tzinfo=moment.tzinfo)
