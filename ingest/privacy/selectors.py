"""The part of CSS selectors that can be judged by what an event tells of its element."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from gosight.common_pb2 import TargetElement

_PART = re.compile(
    r"""(?P<tag>^[a-zA-Z][\w-]*)|\#(?P<id>[\w-]+)|\.(?P<class>[\w-]+)"""
    r"""|\[(?P<name>[\w-]+)(?:(?P<how>[~|^$*]?=)["']?(?P<value>[^\]"']*)["']?)?\]"""
)
_PSEUDO = re.compile(r"::?[\w-]+(?:\([^)]*\))?")
_STEPS = re.compile(r"[\s>+~]+(?![^\[]*\])")


@dataclass(frozen=True, slots=True)
class Selector:
    """One compound: all of it must fit one element."""

    tag: str = ""
    id: str = ""
    classes: frozenset[str] = frozenset()
    attributes: tuple[tuple[str, str, str], ...] = ()  # name, how ('' = is there), value

    def fits(self, other: "Element") -> bool:
        """Whether an element, or a step of its path, is one of these."""
        return (
            self.tag in ("", other.tag)
            and self.id in ("", other.id)
            and self.classes <= other.classes
            and all(_has(other, *one) for one in self.attributes)
        )


@dataclass(frozen=True, slots=True)
class Element:
    """What is known of an element."""

    tag: str
    id: str
    classes: frozenset[str]
    attributes: dict[str, str]


def selectors_of(texts: Iterable[str]) -> tuple[Selector, ...]:
    """The compound that each selector ends with; what it says of ancestors is not judged.

    So more is covered than in the page, never less.
    """
    return tuple(
        found
        for text in texts
        for one in text.split(",")
        if (found := _compound(_STEPS.split(one.strip())[-1])) != Selector()
    )


def covers(selectors: Iterable[Selector], target: TargetElement) -> bool:
    """Whether the element, or one that it lies in as its own selector tells, is meant."""
    steps = (_element(target), *_path(target.selector))
    return any(selector.fits(step) for selector in selectors for step in steps)


def _element(target: TargetElement) -> Element:
    classes = frozenset(name for text in target.classes for name in text.split())
    return Element(target.tag.lower(), target.id, classes, {**target.attributes})


# The elements of a site are few, and most are met again and again.
@lru_cache(maxsize=4096)
def _path(selector: str) -> tuple[Element, ...]:
    return tuple(_step(_compound(step)) for step in _STEPS.split(selector))


def _step(one: Selector) -> Element:
    known = {name: value for name, how, value in one.attributes if how in ("", "=")}
    return Element(one.tag, one.id, one.classes, known)


def _compound(text: str) -> Selector:
    tag, name, classes, attributes = "", "", set(), []
    for part in _PART.finditer(_PSEUDO.sub("", text)):
        tag = (part["tag"] or tag).lower()
        name = part["id"] or name
        if part["class"]:
            classes.add(part["class"])
        if part["name"]:
            attributes.append((part["name"], part["how"] or "", part["value"] or ""))
    return Selector(tag, name, frozenset(classes), tuple(attributes))


def _has(element: Element, name: str, how: str, value: str) -> bool:
    found = element.attributes.get(name)
    if found is None:
        return False
    fits = {
        "": True,
        "=": found == value,
        "~=": value in found.split(),
        "|=": found == value or found.startswith(f"{value}-"),
        "^=": found.startswith(value),
        "$=": found.endswith(value),
        "*=": value in found,
    }
    return fits[how]
