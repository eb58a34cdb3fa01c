"""Generated pipelines, each stage beside a plain Python function that does the same."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from tests.integration.mongodb.made_documents import SCREENS, START, Document

Plain = Callable[[list[Document]], list[Document]]


@dataclass(frozen=True)
class Step:
    """A stage and what it means."""

    stage: Document
    plain: Plain
    is_grouped: bool = False


def pipeline(random: Random) -> list[Step]:
    """Up to two stages that keep the documents' shape, then one that may change it."""
    steps = [random.choice(KEEPING)(random) for _ in range(random.randrange(3))]
    last = random.choice(CHANGING)(random)
    steps.append(last)
    if last.is_grouped and random.random() < 0.5:
        steps.append(_with_key(random))
    return steps


def plainly(steps: list[Step], given: list[Document]) -> list[Document]:
    """What the pipeline has to answer."""
    for step in steps:
        given = step.plain(given)
    return given


def number(value: Any) -> bool:
    """As MongoDB counts types: true is no number."""
    return type(value) in (int, float)


def _kept(test: Callable[[Document], bool]) -> Plain:
    return lambda given: [one for one in given if test(one)]


def _each(change: Callable[[Document], Document]) -> Plain:
    return lambda given: [change(one) for one in given]


def _match_equal(random: Random) -> Step:
    wanted = random.choice(SCREENS)
    return Step({"$match": {"screen": wanted}}, _kept(lambda one: one.get("screen") == wanted))


def _match_null(_: Random) -> Step:
    return Step({"$match": {"screen": None}}, _kept(lambda one: one.get("screen") is None))


def _match_range(random: Random) -> Step:
    low = random.choice([0, 0.5, 1])
    return Step(
        {"$match": {"value": {"$gte": low, "$lt": 3}}},
        _kept(lambda one: number(one.get("value")) and low <= one["value"] < 3),
    )


def _match_dates(random: Random) -> Step:
    start = START + timedelta(days=random.randrange(100))
    return Step({"$match": {"when": {"$gt": start}}}, _kept(lambda one: one["when"] > start))


def _match_tags(_: Random) -> Step:
    def has_red(one: Document) -> bool:
        tags = one.get("tags")
        return tags == "red" or (isinstance(tags, list) and "red" in tags)

    return Step({"$match": {"tags": "red"}}, _kept(has_red))


def _match_steps(random: Random) -> Step:
    wanted = random.choice(SCREENS)
    return Step(
        {"$match": {"steps": {"$elemMatch": {"screen": wanted, "ms": {"$gt": 1000}}}}},
        _kept(lambda one: any(s["screen"] == wanted and s["ms"] > 1000 for s in one["steps"])),
    )


def _match_either(_: Random) -> Step:
    return Step(
        {"$match": {"$or": [{"place.x": {"$lt": 0}}, {"place.deep.ok": True}]}},
        _kept(lambda one: one["place"]["x"] < 0 or one["place"]["deep"]["ok"]),
    )


def _match_missing(_: Random) -> Step:
    return Step(
        {"$match": {"value": {"$exists": True, "$nin": [1, None]}}},
        _kept(lambda one: "value" in one and not (one["value"] is None or _is_one(one["value"]))),
    )


def _is_one(value: Any) -> bool:
    return number(value) and value == 1


def _match_expression(_: Random) -> Step:
    return Step(
        {"$match": {"$expr": {"$gt": [{"$size": "$steps"}, "$place.x"]}}},
        _kept(lambda one: len(one["steps"]) > one["place"]["x"]),
    )


def _set_sums(_: Random) -> Step:
    return Step(
        {"$set": {"total": {"$sum": "$steps.ms"}, "longest": {"$max": "$steps.ms"}}},
        _each(
            lambda one: (
                one
                | {
                    "total": sum(s["ms"] for s in one["steps"]),
                    "longest": max((s["ms"] for s in one["steps"]), default=None),
                }
            )
        ),
    )


def _set_hour(_: Random) -> Step:
    return Step(
        {"$addFields": {"hour": {"$dateTrunc": {"date": "$when", "unit": "hour"}}}},
        _each(lambda one: one | {"hour": one["when"].replace(minute=0, second=0, microsecond=0)}),
    )


def _sort(random: Random) -> Step:
    down = random.choice([1, -1])
    return Step(
        {"$sort": {"when": down, "_id": 1}},
        lambda given: sorted(
            sorted(given, key=lambda one: one["_id"]),
            key=lambda one: one["when"],
            reverse=down == -1,
        ),
    )


def _unwind_counts(_: Random) -> Step:
    return Step(
        {"$unwind": "$steps"},
        lambda given: [one | {"steps": step} for one in given for step in one["steps"]],
    )


def _unwind_tags(_: Random) -> Step:
    def plain(given: list[Document]) -> list[Document]:
        made = []
        for one in given:
            tags = one.get("tags")
            for at, tag in enumerate(tags) if isinstance(tags, list) else [(None, tags)]:
                made += [one | {"tags": tag, "at": at}] if tag is not None else []
            if tags in (None, []):
                rest = {k: v for k, v in one.items() if k != "tags" or tags is None}
                made.append(rest | {"at": None})
        return made

    spec = {"path": "$tags", "includeArrayIndex": "at", "preserveNullAndEmptyArrays": True}
    return Step({"$unwind": spec}, plain)


def grouped(
    make_key: Callable[[Document], Any], fields: dict[str, Callable[[list[Document]], Any]]
) -> Plain:
    """Keys are compared by their text: 1 and true are different ones."""

    def plain(given: list[Document]) -> list[Document]:
        groups: dict[str, tuple[Any, list[Document]]] = {}
        for one in given:
            value = make_key(one)
            name = repr(float(value)) if number(value) else repr(value)
            groups.setdefault(name, (value, []))[1].append(one)
        return [
            {"_id": value} | {name: make(some) for name, make in fields.items()}
            for value, some in groups.values()
        ]

    return plain


KEYS: list[tuple[Any, Callable[[Document], Any]]] = [
    (None, lambda _: None),
    ("$project", lambda one: one["project"]),
    ("$screen", lambda one: one.get("screen")),
    ("$value", lambda one: one.get("value")),
    ("$place.deep.ok", lambda one: one["place"]["deep"]["ok"]),
    (
        {"project": "$project", "screen": "$screen"},
        lambda one: (
            {"project": one["project"]} | ({"screen": one["screen"]} if "screen" in one else {})
        ),
    ),
    (
        {"$dateTrunc": {"date": "$when", "unit": "day"}},
        lambda one: one["when"].replace(hour=0, minute=0, second=0, microsecond=0),
    ),
    (
        {"$dateToString": {"date": "$when", "format": "%Y-%m"}},
        lambda one: one["when"].strftime("%Y-%m"),
    ),
    ({"$toLower": "$screen"}, lambda one: (one.get("screen") or "").lower()),
]


def values(name: str) -> Callable[[list[Document]], list[Any]]:
    """Of a field, where it is there."""
    return lambda some: [one[name] for one in some if name in one]


def numbers(some: list[Document]) -> list[Any]:
    """Of the field `value`."""
    return [one for one in values("value")(some) if number(one)]


ACCUMULATORS: dict[str, tuple[Any, Callable[[list[Document]], Any]]] = {
    "n": ({"$sum": 1}, len),
    "total": ({"$sum": "$value"}, lambda some: sum(numbers(some))),
    "mean": (
        {"$avg": "$value"},
        lambda some: sum(numbers(some)) / len(numbers(some)) if numbers(some) else None,
    ),
    "first_time": ({"$min": "$when"}, lambda some: min(values("when")(some))),
    "last_time": ({"$max": "$when"}, lambda some: max(values("when")(some))),
    "least": ({"$min": "$count"}, lambda some: min(values("count")(some))),
    "ids": ({"$push": "$_id"}, lambda some: sorted(values("_id")(some))),
    "screens": (
        {"$addToSet": "$screen"},
        lambda some: sorted(dict.fromkeys(values("screen")(some)), key=repr),
    ),
    "failed": (
        {"$sum": {"$cond": ["$place.deep.ok", 0, 1]}},
        lambda some: sum(not one["place"]["deep"]["ok"] for one in some),
    ),
    "count": ({"$count": {}}, len),
}


def _group(random: Random) -> Step:
    expression, make_key = random.choice(KEYS)
    chosen = random.sample(sorted(ACCUMULATORS), random.randrange(1, 4))
    fields = {name: ACCUMULATORS[name] for name in chosen}
    return Step(
        {"$group": {"_id": expression, **{name: one[0] for name, one in fields.items()}}},
        grouped(make_key, {name: one[1] for name, one in fields.items()}),
        is_grouped=True,
    )


def _with_key(_: Random) -> Step:
    return Step({"$match": {"_id": {"$ne": None}}}, _kept(lambda one: one["_id"] is not None))


def _project(_: Random) -> Step:
    def plain(one: Document) -> Document:
        picked = {name: one[name] for name in ("_id", "screen") if name in one}
        return picked | {
            "steps": [{"ms": step["ms"]} for step in one["steps"]]
            if isinstance(one["steps"], list)
            else {"ms": one["steps"]["ms"]},
            "double": one["count"] * 2,
            "kind": "some" if one["count"] > 1 else "few",
        }

    kind = {"$cond": {"if": {"$gt": ["$count", 1]}, "then": "some", "else": "few"}}
    double = {"$multiply": ["$count", 2]}
    spec = {"screen": 1, "steps.ms": 1, "double": double, "kind": kind}
    return Step({"$project": spec}, _each(plain))


def _without(_: Random) -> Step:
    def plain(one: Document) -> Document:
        place = {name: value for name, value in one["place"].items() if name != "x"}
        return {name: v for name, v in one.items() if name != "tags"} | {"place": place}

    return Step({"$project": {"tags": 0, "place.x": 0}}, _each(plain))


def _count(_: Random) -> Step:
    return Step({"$count": "n"}, lambda given: [{"n": len(given)}] if given else [])


def _sort_by_count(_: Random) -> Step:
    def plain(given: list[Document]) -> list[Document]:
        counts = Counter(one["project"] for one in given)
        return [{"_id": name, "count": count} for name, count in counts.items()]

    return Step({"$sortByCount": "$project"}, plain)


def _place(_: Random) -> Step:
    return Step({"$replaceRoot": {"newRoot": "$place"}}, _each(lambda one: one["place"]))


KEEPING = [
    *(_match_equal, _match_null, _match_range, _match_dates, _match_tags, _match_steps),
    *(_match_either, _match_missing, _match_expression, _set_sums, _set_hour, _sort),
]
CHANGING = [
    *(_group, _group, _group, _group, _unwind_counts, _unwind_tags),
    *(_project, _without, _count, _sort_by_count, _place),
]
