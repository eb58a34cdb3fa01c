"""What a recorder sees of a page of the shop: rrweb's full snapshot, each element in place."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from simulate.elements import BUTTONS, DESIGN_WIDTH, NATIVE, OUTBOUND, SURFACES, Element
from simulate.site import FORMS, LINKS, ORIGIN, PAGES

Node = dict[str, Any]
BODY, TEXT = 5, 6  # ids that what changes the page later names
_DOCUMENT, _DOCTYPE, _ELEMENT, _TEXT = range(4)
_STYLE = """
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#26303a;background:#faf8f4}
.at{position:absolute;box-sizing:border-box;overflow:hidden}
a.at{color:#1f5d4c;text-decoration:none}nav a.at{font-size:13px;line-height:32px;white-space:nowrap}
header{position:absolute;top:0;left:0;right:0;height:68px;background:#fff;border-bottom:1px solid
    #e6e0d4}
.hero{background:linear-gradient(120deg,#dfe9df,#f3e7d2);padding:36px
    48px;font-size:34px;font-weight:700}
.photo,video{background:linear-gradient(160deg,#b9cbb4,#6f8f86)}video{background:#2b3338}
.tile{background:#fff;border:1px solid #e6e0d4;border-radius:12px;padding:14px}
button.at,.btn,.cta{border:0;border-radius:8px;background:#1f5d4c;color:#fff;font:600 15px
    system-ui;text-align:center}
.filters button.at,.btn--ghost{background:#e8efe9;color:#1f5d4c;line-height:36px}
input.at,select.at{border:1px solid #cfc8ba;border-radius:8px;background:#fff;padding:0 12px}
[role=tab].at{border-bottom:3px solid #1f5d4c;text-align:center;font-weight:600}
summary.at{background:#fff;border:1px solid #e6e0d4;border-radius:8px;line-height:38px;padding:0
    16px;list-style:none}
.badge{background:#c2552d;color:#fff;font-size:12px;border-radius:99px;text-align:center}
h2.at{margin:0;font-size:24px}p.at{margin:0}
"""
_PLACES = {element.selector: element for element in (*BUTTONS, *SURFACES, *NATIVE, OUTBOUND)}


def meta(path: str, viewport: tuple[int, int]) -> bytes:
    """The data of rrweb's Meta event on that page."""
    return b'{"href":%b,"width":%d,"height":%d}' % (json.dumps(ORIGIN + path).encode(), *viewport)


def snapshot(path: str, width: int) -> bytes:
    """The data of rrweb's FullSnapshot on that page, on a viewport of that width."""
    return _snapshot(_page_of(path), width)


@cache
def _page_of(path: str) -> str:
    """Name of the page with that clean path; the plainest pattern that fits."""
    fitting = [
        (pattern.count("{"), name)
        for name, pattern in ((name, page.pattern) for name, page in PAGES.items())
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(pattern)), path)
    ]
    return min(fitting, default=(0, "home"))[1]


@cache
def _snapshot(name: str, width: int) -> bytes:
    tree = _numbered(_document(name, width))
    data = {"node": tree, "initialOffset": {"left": 0, "top": 0}}
    return json.dumps(data, separators=(",", ":")).encode()


def _document(name: str, width: int) -> Node:
    page = PAGES[name]
    height = max(page.height, 2100 * width // DESIGN_WIDTH)
    links = [_placed(link, width) for link in LINKS.values()]
    style = f"position:relative;height:{height}px"
    hidden = _tag("p", [_text("\u2026") | {"id": TEXT}], style="display:none")
    body = _tag(
        "body",
        [
            hidden,
            _tag("header", [_tag("nav", links)]),
            _tag("main", list(_main(name, width))),
            _tag("footer", [_placed(OUTBOUND, width)]),
        ],
        **{"class": "shop", "style": style},
    )
    head = _tag("head", [_tag("style", [_text(_STYLE) | {"isStyle": True}])])
    html = _tag("html", [head, body | {"id": BODY}], lang="en")
    doctype = {"type": _DOCTYPE, "name": "html", "publicId": "", "systemId": ""}
    return {"type": _DOCUMENT, "childNodes": [doctype, html]}


def _main(name: str, width: int) -> Iterator[Node]:
    """Parents are as the selectors say; those that only count siblings are empty."""
    page = PAGES[name]

    def at(selector: str, text: str | None = None) -> Node:
        return _placed(_PLACES[selector], width, text)

    yield at("main .hero", page.title)
    yield at("main h2")
    yield _tag("div", [at("main .gallery img:nth-child(1)")], **{"class": "gallery"})
    yield _tag(
        "div",
        [_tag("button", [], hidden=""), at("main .filters button:nth-child(2)")],
        **{"class": "filters"},
    )
    tiles = [_tag("div", [], style="display:none") for _ in range(2)]
    yield _tag("div", [*tiles, at("main .tile:nth-child(3)")])
    lines = [_tag("p", [], style="display:none") for _ in range(3)]
    yield _tag("article", [*lines, at("main article p:nth-child(4)")])
    yield _tag("div", [_tag("div", [], style="display:none"), at("[role=tab]:nth-child(2)")])
    yield _tag("details", [at("details.faq > summary")], **{"class": "faq"})
    for selector in ("#add-to-cart", "#load-more", "#agree", "main a.more", "#sort", "a.terms"):
        yield at(selector)
    yield at("a.sizes")
    yield at("main video")
    if page.form:
        form = FORMS[page.form]
        fields = [_placed(field, width) for field in (*form.fields, form.button)]
        yield _tag("form", fields, id=form.id)


def _placed(element: Element, width: int, text: str | None = None) -> Node:
    left, top, wide, high = (value * width // DESIGN_WIDTH for value in element.at)
    attributes = {
        **dict(element.attributes),
        "class": " ".join(("at", *element.classes, *_class_of(element))),
        "style": f"left:{left}px;top:{top}px;width:{max(wide, 8)}px;height:{max(high, 8)}px",
    }
    named = {"id": element.id or _id_of(element), "href": element.href}
    attributes |= {key: value for key, value in named.items() if value}
    shown = element.text if text is None else text
    return _tag(element.tag, [_text(shown)] if shown else [], **attributes)


def _class_of(element: Element) -> tuple[str, ...]:
    """The class that the end of a selector asks for: `a.terms`."""
    found = re.search(r"\w\.([\w-]+)$", element.selector)
    return (found[1],) if found else ()


def _id_of(element: Element) -> str:
    return element.selector[1:] if re.fullmatch(r"#[\w-]+", element.selector) else ""


def _tag(name: str, children: list[Node], /, **attributes: str) -> Node:
    return {"type": _ELEMENT, "tagName": name, "attributes": attributes, "childNodes": children}


def _text(content: str) -> Node:
    return {"type": _TEXT, "textContent": content}


def _numbered(tree: Node) -> Node:
    """Ids in document order above those that are given."""
    following = iter(range(TEXT + 1, 1_000_000))

    def number(node: Node) -> Node:
        numbered = {"id": node.get("id") or next(following), **node}
        if "childNodes" in node:
            numbered["childNodes"] = [number(child) for child in node["childNodes"]]
        return numbered

    return number(tree)
