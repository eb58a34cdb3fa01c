"""Which pages may send: domains as people write them against what browsers say."""

import pytest

from ingest.admission.origins import is_allowed, page_host


@pytest.mark.parametrize(
    ("origin", "referer", "host"),
    [
        ("https://shop.example", "", "shop.example"),
        ("https://Shop.Example:8443", "https://other.example/", "shop.example"),
        ("", "https://shop.example/cart?x=1", "shop.example"),
        ("null", "", ""),
        ("https://[broken", "", ""),
        ("", "", None),
    ],
)
def test_the_page_is_what_the_browser_says(origin: str, referer: str, host: str | None) -> None:
    assert page_host(origin, referer) == host


@pytest.mark.parametrize(
    ("host", "domains", "allowed"),
    [
        ("anything.example", (), True),
        (None, ("shop.example",), True),
        ("shop.example", ("shop.example",), True),
        ("www.shop.example", ("shop.example",), True),
        ("www.shop.example", ("*.shop.example",), True),
        ("shop.example", ("https://shop.example/path",), True),
        ("shop.example", ("shop.example:8443",), True),
        ("evilshop.example", ("shop.example",), False),
        ("shop.example.evil", ("shop.example",), False),
        ("", ("shop.example",), False),
        ("shop.example", ("",), False),
    ],
)
def test_a_domain_covers_itself_and_what_is_below(
    host: str | None, domains: tuple[str, ...], allowed: bool
) -> None:
    assert is_allowed(host, domains) is allowed
