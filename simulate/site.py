"""The made-up shop that simulated visitors walk through: pages, links, forms, API endpoints.

The account is a single-page application that routes by the fragment.
"""

from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from simulate.elements import Element, link, text_input

ORIGIN = "https://shop.example.test"
_SEARCHES = (
    "boots",
    "rain jacket",
    "tent",
    "stove",
    "map case",
    "head torch",
    "wool socks",
    "rope",
)
_POSTS = (
    "packing-light",
    "first-winter-hut",
    "care-for-leather",
    "maps-and-compass",
    "ten-day-walks",
    "café-mit-hütte",
)


@dataclass(frozen=True, slots=True)
class Place:
    """One address of the site. `path` is as the browser has it, `clean` what reports show."""

    page: str
    clean: str
    path: str
    query: str = ""
    fragment: str = ""

    @property
    def url(self) -> str:
        return ORIGIN + self.path + self.query + (f"#{self.fragment}" if self.fragment else "")


@dataclass(frozen=True, eq=False)
class Form:
    """A form: its fields in order, its button, and the endpoint that takes it."""

    id: str
    fields: tuple[Element, ...]
    button: Element
    endpoint: tuple[str, str]


@dataclass(frozen=True, eq=False)
class Page:
    """A kind of page: pattern (`{id}`, `{slug}`), where its links lead, what it calls and asks."""

    pattern: str
    title: str
    leads_to: tuple[str, ...]
    calls: tuple[str, ...] = ()
    form: str = ""
    height: int = 2400  # px


def _form(form_id: str, fields: tuple[tuple[str, str], ...], endpoint: str) -> Form:
    button = Element(
        "button",
        f"#{form_id} button[type=submit]",
        "Send",
        ("btn", "btn--primary"),
        attributes=(("type", "submit"),),
        at=(420, 240 + 72 * len(fields), 200, 44),
    )
    inputs = tuple(text_input(form_id, name, row, kind) for row, (name, kind) in enumerate(fields))
    return Form(form_id, inputs, button, ("POST", endpoint))


FORMS = {
    "search": _form("search", (("q", "search"),), "/api/search"),
    "newsletter": _form("newsletter", (("email", "email"),), "/api/newsletter"),
    "login": _form("login", (("email", "email"), ("password", "password")), "/api/login"),
    "signup": _form(
        "signup", (("name", "text"), ("email", "email"), ("password", "password")), "/api/users"
    ),
    "checkout": _form(
        "checkout", (("street", "text"), ("city", "text"), ("card", "text")), "/api/orders"
    ),
    "contact": _form("contact", (("subject", "text"), ("message", "text")), "/api/messages"),
}

PAGES = {
    "home": Page(
        "/",
        "Home",
        ("products", "product", "blog", "pricing", "search", "login"),
        ("/api/teasers",),
        "newsletter",
        3200,
    ),
    "products": Page(
        "/products",
        "All products",
        ("product", "product", "product", "products", "search", "home"),
        ("/api/products",),
        "search",
        4200,
    ),
    "product": Page(
        "/products/{id}",
        "Product",
        ("cart", "reviews", "product", "products", "home"),
        ("/api/products/{id}", "/api/recommendations"),
        "",
        2800,
    ),
    "reviews": Page(
        "/products/{id}/reviews",
        "Reviews",
        ("product", "products", "cart"),
        ("/api/reviews",),
        "",
        5200,
    ),
    "search": Page(
        "/search",
        "Search",
        ("product", "product", "search", "products", "help"),
        ("/api/search",),
        "search",
        2600,
    ),
    "cart": Page(
        "/cart", "Your cart", ("checkout", "checkout", "products", "home"), ("/api/cart",), "", 1500
    ),
    "checkout": Page(
        "/checkout",
        "Checkout",
        ("thanks", "thanks", "cart", "help"),
        ("/api/cart", "/api/shipping"),
        "checkout",
        1800,
    ),
    "thanks": Page(
        "/checkout/thanks",
        "Thank you",
        ("orders", "home", "products"),
        ("/api/recommendations",),
        "",
        1200,
    ),
    "login": Page("/login", "Log in", ("account", "signup", "home"), (), "login", 900),
    "signup": Page("/signup", "Sign up", ("account", "home"), (), "signup", 1000),
    "account": Page(
        "/account", "Your account", ("orders", "home", "help"), ("/api/account",), "", 1600
    ),
    "orders": Page(
        "/account#/orders",
        "Your orders",
        ("order", "order", "account", "help"),
        ("/api/orders",),
        "",
        2200,
    ),
    "order": Page(
        "/account#/orders/{id}", "Order", ("orders", "contact", "help"), ("/api/orders",), "", 1700
    ),
    "blog": Page(
        "/blog",
        "Journal",
        ("post", "post", "home", "products"),
        ("/api/posts",),
        "newsletter",
        3600,
    ),
    "post": Page(
        "/blog/{slug}", "Journal entry", ("blog", "post", "product", "home"), (), "newsletter", 6400
    ),
    "pricing": Page(
        "/pricing", "Membership", ("signup", "help", "home"), ("/api/prices",), "", 2000
    ),
    "help": Page(
        "/help", "Help", ("contact", "orders", "home"), ("/api/articles",), "search", 2600
    ),
    "contact": Page("/contact", "Contact", ("home", "help"), (), "contact", 1100),
}
ENTRIES = (
    ("home",) * 7
    + ("product",) * 5
    + ("post",) * 4
    + ("products", "products", "pricing", "pricing", "search", "help", "login")
)
LINKS = {
    name: link(page.pattern.split("{")[0], page.title, n)
    for n, (name, page) in enumerate(PAGES.items())
}


def place_on(rng: Random, name: str) -> Place:
    """An address of page `name`, written in one of the ways the same page is linked to."""
    page = PAGES[name]
    clean = page.pattern.replace("{id}", str(1001 + int(rng.random() * 60)))
    if name == "post":
        clean = clean.replace("{slug}", _POSTS[int(rng.random() * len(_POSTS))])
    query = _query(rng, name)
    style = rng.random()
    page_path, _, route = clean.partition("#")
    path = _written(page_path, style)
    if style < 0.08 and page_path != "/":
        path += "/"
    if route:
        return Place(name, clean, path, query, route + ("?tab=open#top" if style < 0.3 else ""))
    if style < 0.14:
        return Place(name, clean, path, query, "top" if style < 0.11 else "details")
    return Place(name, clean, path, query)


def _written(path: str, style: float) -> str:
    """Percent-encoded as browsers do, not at all, or more than need be, in either case."""
    if style < 0.2:
        return path.replace("o", "%6f" if style < 0.17 else "%6F")
    return path if style < 0.25 else quote(path)


def _query(rng: Random, name: str) -> str:
    if name == "search":
        return "?q=" + _SEARCHES[int(rng.random() * len(_SEARCHES))].replace(" ", "+")
    if name == "products" and rng.random() < 0.4:
        return f"?page={1 + int(rng.random() * 5)}"
    return "?ref=mail" if rng.random() < 0.04 else ""
