"""Elements of a page as targets of our contract, from however much of the page an SDK tells."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ingest.formats.values import clip

MAX_ELEMENT_TEXT = 200
MAX_DEPTH = 6
_PLAIN = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]*")
_ELEMENT = re.compile(r'((?:[^;"]|"(?:\\.|[^"\\])*")+)')
_HEAD = re.compile(r"([^.:]*)((?:\.[^:\"]*)?)(?::|$)")
_ATTRIBUTE = re.compile(r'([^\s="]+)="((?:\\.|[^"\\])*)"')
_INTERACTIVE_TAGS = frozenset({"a", "button", "input", "select", "textarea", "summary", "option"})
_INTERACTIVE_ROLES = frozenset({"button", "link", "checkbox", "radio", "tab", "menuitem"})
# What says how an element behaves or is styled, beside the data-* of the contract.
_KEPT_ATTRIBUTES = frozenset({"type", "role", "name", "contenteditable", "aria-label", "title"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element; `nth` is its number among its parent's children of that tag, 0 if not told."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    nth: int = 0

    @property
    def classes(self) -> list[str]:
        """In the order written."""
        return self.attributes.get("class", "").split()

    def is_interactive(self) -> bool:
        """Whether a click on something within it is meant for it."""
        role = self.attributes.get("role", "").lower()
        return self.tag in _INTERACTIVE_TAGS or role in _INTERACTIVE_ROLES


def target(chain: Sequence[Element]) -> dict[str, Any]:
    """TargetElement's fields for what was hit, innermost first, as far out as it is told.

    It is the innermost interactive element, else the innermost of all: who clicks the icon of a
    button clicks the button.
    """
    if not chain:
        return {}
    hit = next((n for n, one in enumerate(chain) if one.is_interactive()), 0)
    element = chain[hit]
    said = element.text or next((one.text for one in chain[:hit] if one.text), "")
    attributes = {
        name: clip(value, MAX_ELEMENT_TEXT)
        for name, value in element.attributes.items()
        if name in _KEPT_ATTRIBUTES or name.startswith("data-")
    }
    return {
        "tag": element.tag,
        "id": element.attributes.get("id"),
        "classes": element.classes,
        "text": clip(said, MAX_ELEMENT_TEXT) or None,
        "href": element.attributes.get("href"),
        "selector": selector(chain[hit:]),
        "attributes": attributes,
    }


def selector(chain: Sequence[Element]) -> str:
    """From the nearest element with an id, or from MAX_DEPTH elements out."""
    steps: list[str] = []
    for element in chain[:MAX_DEPTH]:
        steps.append(_step(element))
        if element.attributes.get("id"):
            break
    return " > ".join(reversed(steps))


def _step(element: Element) -> str:
    name = element.attributes.get("id", "")
    if name:
        return f"#{name}" if _PLAIN.fullmatch(name) else f'{element.tag}[id="{name}"]'
    classes = "".join(f".{one}" for one in element.classes if _PLAIN.fullmatch(one))
    nth = f":nth-of-type({element.nth})" if element.nth else ""
    return f"{element.tag}{classes}{nth}"


@lru_cache(1_024)
def chain_of_text(chain: str) -> tuple[Element, ...]:
    """PostHog's `elements_chain`: elements by `;`, each `tag.class:name="value"name="value"`."""
    return tuple(_element_of_text(part) for part in _ELEMENT.findall(chain))


def _element_of_text(part: str) -> Element:
    head = _HEAD.match(part)
    tag = head[1] if head else ""
    told = {name: _unescaped(value) for name, value in _ATTRIBUTE.findall(part[len(tag) :])}
    attributes = _attributes(told)
    if head and head[2] and "class" not in attributes:
        attributes["class"] = " ".join(head[2].split("."))
    return Element(tag.lower(), attributes, told.get("text", ""), _number(told.get("nth-of-type")))


def _unescaped(value: str) -> str:
    return value.replace('\\"', '"').replace("\\\\", "\\")


def _attributes(told: Mapping[str, str]) -> dict[str, str]:
    """`:attr__name` and `href`, the name's colon being the mark of the first one."""
    found = {
        name.lstrip(":").removeprefix("attr__"): value
        for name, value in told.items()
        if name.lstrip(":").startswith("attr__")
    }
    if "href" in told:
        found.setdefault("href", told["href"])
    return found


def chain_of_objects(elements: Sequence[Mapping[str, Any]]) -> tuple[Element, ...]:
    """PostHog's `$elements`: the same as objects."""
    return tuple(
        Element(
            str(one.get("tag_name", "")).lower(),
            {
                name.removeprefix("attr__"): str(value)
                for name, value in one.items()
                if name.startswith("attr__")
            },
            clip(one.get("$el_text") or one.get("text"), MAX_ELEMENT_TEXT),
            _number(one.get("nth_of_type")),
        )
        for one in elements
    )


def _number(value: Any) -> int:
    return int(value) if str(value).isdecimal() else 0
