"""docs/documents_covered.md, from its facts: what fills each thing of the documents and shows it.

Run as a module, it writes the page anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import groupby
from typing import Any, TypeAlias

import yaml

from hxi.admin.folder import CHECKOUT
from tests import source_tables

PAGE = CHECKOUT / "docs" / "documents_covered.md"
FACTS = CHECKOUT / "docs" / "documents_covered.yml"
# Of tables and marts, what is compared as a whole.
KEYS = ("keys", "indexes")

Names: TypeAlias = dict[str, list[str]]
"""Of each table or kind of a place, what is in it."""


@dataclass(frozen=True)
class Row:
    """One answer: `by` and `test`, or why there is none."""

    at: str
    part: str
    names: tuple[str, ...]
    by: str = ""
    test: str = ""
    open: str = ""
    never: str = ""

    def covers(self, at: str, part: str, name: str) -> bool:
        """Whether the row is about a thing; "*" is about all."""
        is_named = self.names == ("*",) or name in self.names
        return at == self.at and fnmatchcase(part, self.part) and is_named

    @property
    def precision(self) -> tuple[bool, bool]:
        """What names a thing goes before what names its table, and that before all tables."""
        return self.names != ("*",), self.part != "*"


@cache
def _facts() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FACTS.read_text())
    return found


def rows() -> list[Row]:
    """All answers, as the file has them."""
    return [
        Row(
            one["at"],
            one["in"],
            tuple([one["names"]] if one["names"] == "*" else one["names"]),
            **{key: one[key] for key in ("by", "test", "open", "never") if key in one},
        )
        for one in _facts()["rows"]
    ]


def places() -> dict[str, tuple[str, Names]]:
    """Title and things of every place."""
    return {
        name: (place["title"], place.get("things") or _tables(*place["facts"].split(".")))
        for name, place in _facts()["places"].items()
    }


def _tables(store: str, part: str = "") -> Names:
    found = source_tables.facts(store, part)
    return {table: [*fact["columns"], *KEYS] for table, fact in found.items()}


def answer(at: str, part: str, name: str) -> Row | None:
    """The row that says most exactly what covers a thing."""
    found = [row for row in rows() if row.covers(at, part, name)]
    return max(found, key=lambda row: row.precision, default=None)


def page() -> str:
    """The whole page in Markdown."""
    return "\n".join(
        [HEAD, *_of_rest("open"), "", NEVER, "", *_of_rest("never"), *_of_places(), ""]
    )


HEAD = """# What of the source documents is there

Every table, column, key, function, trigger, policy and setting of the five documents: what fills
or obeys it, and the test that shows it. Where a table differs from its document on purpose:
[deviations.yml](deviations.yml). Made by `python -m tests.documents_covered` from
[documents_covered.yml](documents_covered.yml); a test fails when a thing has no answer.

## Not there yet
"""
NEVER = """## Filled by nothing here
Their columns are there for services to fill."""


def _of_rest(kind: str) -> Iterator[str]:
    yield "| place | what | why |"
    yield "|---|---|---|"
    for row in rows():
        if why := getattr(row, kind):
            yield f"| `{row.at}` | {_shown(row.part, row.names)} | {why} |"


def _shown(part: str, names: tuple[str, ...]) -> str:
    return f"`{part}`" + ("" if names == ("*",) else ": " + ", ".join(names))


def _of_places() -> Iterator[str]:
    for at, (title, things) in places().items():
        yield f"\n## {title}"
        yield "| | what | filled or obeyed by | shown by |"
        yield "|---|---|---|---|"
        for part, names in things.items():
            yield from _of_part(at, part, names)


def _of_part(at: str, part: str, names: list[str]) -> Iterator[str]:
    answered = [(row, name) for name in names if (row := answer(at, part, name)) and row.by]
    answered.sort(key=lambda one: rows().index(one[0]))
    for row, of_row in groupby(answered, key=lambda one: one[0]):
        said = ", ".join(name for _, name in of_row)
        yield f"| `{part}` | {said} | `{row.by}` | `{row.test}` |"


if __name__ == "__main__":
    PAGE.write_text(page())
