"""What can be clicked on the simulated site, drawn for a viewport with its wire parts ready."""

from dataclasses import dataclass, field

from gosight.common_pb2 import Rect, TargetElement
from gosight.events_pb2 import ClickPayload, Event, InputChangePayload, InputFocusPayload

from simulate.wire import part

DESIGN_WIDTH = 1440  # the layout's width in px; other viewports scale it


@dataclass(frozen=True, slots=True)
class Drawn:
    """An element laid out on one viewport (px), and the event parts that name it as target."""

    selector: str
    left: int
    top: int
    width: int
    height: int
    click: bytes
    focus: bytes


@dataclass(frozen=True, eq=False)
class Element:
    """One element of the page; `at` is left, top, width, height at the design width."""

    tag: str
    selector: str
    text: str = ""
    classes: tuple[str, ...] = ()
    id: str = ""
    href: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    at: tuple[int, int, int, int] = (120, 240, 180, 44)
    _drawn: dict[int, Drawn] = field(default_factory=dict, repr=False)

    def drawn(self, viewport_width: int) -> Drawn:
        """The element on a viewport, made once per width."""
        known = self._drawn.get(viewport_width)
        if known is None:
            known = self._drawn[viewport_width] = self._draw(viewport_width)
        return known

    def target(self, viewport_width: int) -> TargetElement:
        """The element as an SDK describes it."""
        left, top, width, height = (value * viewport_width // DESIGN_WIDTH for value in self.at)
        target = TargetElement(
            tag=self.tag,
            classes=self.classes,
            selector=self.selector,
            attributes=dict(self.attributes),
            rect=Rect(left=left, top=top, width=max(width, 8), height=max(height, 8)),
        )
        for name in ("id", "text", "href"):
            if getattr(self, name):
                setattr(target, name, getattr(self, name))
        return target

    def typed(self, viewport_width: int, length: int, *, masked: bool) -> bytes:
        """The part of an input_change that left `length` characters."""
        target = self.target(viewport_width)
        change = InputChangePayload(target=target, value_length=length, is_masked=masked)
        return part(Event(input_change=change))

    def _draw(self, viewport_width: int) -> Drawn:
        target = self.target(viewport_width)
        return Drawn(
            selector=self.selector,
            left=target.rect.left,
            top=target.rect.top,
            width=target.rect.width,
            height=target.rect.height,
            click=part(Event(click=ClickPayload(target=target))),
            focus=part(Event(input_focus=InputFocusPayload(target=target))),
        )


def link(to: str, text: str, place: int) -> Element:
    """A navigation link of the header, the `place`-th from the left."""
    return Element(
        tag="a",
        selector=f'header nav a[href="{to}"]',
        text=text,
        classes=("nav__item",),
        href=to,
        at=(40 + 84 * place, 18, 76, 32),
    )


def text_input(form: str, name: str, row: int, kind: str) -> Element:
    """A text field of a form, the `row`-th from the top."""
    return Element(
        tag="input",
        selector=f"#{form} input[name={name}]",
        id=f"{form}-{name}",
        classes=("field",),
        attributes=(("type", kind), ("name", name)),
        at=(420, 220 + 72 * row, 420, 40),
    )


# Looks interactive (a click on it needs an answer), each by another of the marks.
BUTTONS = (
    Element(
        "button", "#add-to-cart", "Add to cart", ("cta",), "add-to-cart", at=(800, 760, 260, 52)
    ),
    Element("button", "main .filters button:nth-child(2)", "In stock", at=(160, 508, 120, 36)),
    Element(
        "div",
        "main .tile:nth-child(3)",
        "Show sizes",
        ("tile", "clickable"),
        at=(640, 1216, 210, 220),
    ),
    Element(
        "span",
        "#load-more",
        "Load more",
        ("btn", "btn--ghost"),
        "load-more",
        at=(600, 1480, 180, 40),
    ),
    Element(
        "div",
        "[role=tab]:nth-child(2)",
        "Reviews",
        attributes=(("role", "tab"),),
        at=(310, 1000, 140, 40),
    ),
    Element(
        "input", "#agree", attributes=(("type", "checkbox"),), id="agree", at=(800, 712, 20, 20)
    ),
    Element("summary", "details.faq > summary", "Delivery times", at=(800, 848, 480, 40)),
    Element("a", "main a.more", "Read more", ("more",), href="/blog", at=(800, 912, 120, 24)),
)
# Looks like nothing to click: needs no answer.
SURFACES = (
    Element("div", "main .hero", classes=("hero",), at=(0, 80, 1440, 420)),
    Element("img", "main .gallery img:nth-child(1)", classes=("photo",), at=(160, 556, 600, 420)),
    Element("p", "main article p:nth-child(4)", "Ships within two days", at=(160, 1060, 720, 80)),
    Element("h2", "main h2", "You may also like", at=(160, 1160, 400, 40)),
    Element(
        "span", "", "New", ("badge",), at=(684, 572, 60, 22)
    ),  # no selector: as old SDKs send it
)
# The browser itself answers a click on these, and the page sees nothing of it.
NATIVE = (
    Element("select", "#sort", id="sort", classes=("sorter",), at=(1120, 508, 160, 36)),
    Element(
        "a",
        "a.terms",
        "Terms",
        href="/terms.pdf",
        attributes=(("download", ""),),
        at=(200, 2040, 60, 24),
    ),
    Element(
        "a",
        "a.sizes",
        "Sizes",
        href="/sizes",
        attributes=(("target", "_blank"),),
        at=(1080, 774, 60, 24),
    ),
    Element("video", "main video", classes=("player-button",), at=(160, 1560, 640, 360)),
)
OUTBOUND = Element(
    "a",
    "footer a.social",
    "Follow us",
    ("social",),
    href="https://social.example.org/shop",
    at=(1180, 2040, 90, 30),
)
