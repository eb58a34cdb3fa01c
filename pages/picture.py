"""A full snapshot of rrweb as a page of its own: HTML without scripts or links."""

from collections.abc import Iterator
from html import escape
from typing import Any

from pages.recorded import closed_css, closed_text

Node = dict[str, Any]
DOCUMENT, DOCTYPE, ELEMENT, TEXT = range(4)
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Never rebuilt: they run, fetch, or frame something else.
LEFT_OUT = {
    *("script", "noscript", "base", "object", "embed", "applet"),
    *("iframe", "frame", "portal", "template"),
}
NOT_NAMES = frozenset(" \t\n\r\f\"'<>/=\0")
DEEPEST = 900


def html(node: Node) -> str:
    """The document below a snapshot's `node`."""
    return "".join(_parts(node, in_style=False, depth=0))


def _parts(node: Node, *, in_style: bool, depth: int) -> Iterator[str]:
    kind = node.get("type")
    if depth > DEEPEST:
        return
    if kind == DOCTYPE:
        yield "<!doctype html>"
    elif kind == TEXT:
        text = str(node.get("textContent") or "")
        yield _style_text(text) if in_style or node.get("isStyle") else escape(text, quote=False)
    elif kind == ELEMENT:
        yield from _element(node, depth)
    elif kind == DOCUMENT:
        yield from _children(node, in_style=False, depth=depth)


def _element(node: Node, depth: int) -> Iterator[str]:
    tag = _name(str(node.get("tagName", "div")).lower())
    attributes = node.get("attributes") or {}
    if tag == "link" or (tag == "style" and attributes.get("_cssText")):
        yield f"<style>{_style_text(str(attributes.get('_cssText') or ''))}</style>"
        return
    if tag in LEFT_OUT or not tag:
        return
    yield f"<{tag}{''.join(_attributes(attributes))}>"
    if tag not in VOID:
        yield from _children(node, in_style=tag == "style", depth=depth)
        yield f"</{tag}>"


def _children(node: Node, *, in_style: bool, depth: int) -> Iterator[str]:
    for child in node.get("childNodes") or ():
        if isinstance(child, dict):
            yield from _parts(child, in_style=in_style, depth=depth + 1)


def _attributes(given: dict[str, Any]) -> Iterator[str]:
    """Those that neither run nor reach outside; a canvas or blocked element keeps its size."""
    if "rr_width" in given:
        size = f"width:{given['rr_width']};height:{given.get('rr_height', '')};background:#d0d5dd55"
        given = {**given, "style": size}
    if "rr_dataURL" in given:
        given = {**given, "src": given["rr_dataURL"]}
    for name, value in given.items():
        clean = _name(name)
        if (
            not clean
            or clean.startswith(("on", "rr_"))
            or clean in ("http-equiv", "srcdoc", "autofocus")
        ):
            continue
        if value is True:
            yield f" {clean}"
        elif isinstance(value, str | int | float) and value is not False:
            yield f' {clean}="{escape(closed_text(str(value), clean))}"'


def _name(text: str) -> str:
    """Of a tag or attribute, lower case; '' for what is none."""
    text = text.lower()
    return "" if not text or any(c in NOT_NAMES for c in text) or text.startswith("_") else text


def _style_text(css: str) -> str:
    """Cannot end its element."""
    return closed_css(css).replace("</", "<\\/")
