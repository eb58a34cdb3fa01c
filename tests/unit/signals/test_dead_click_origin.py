"""Which links leave the page's origin."""

import polars as pl
import pytest

from orchestration.signals.dead_click.origin import leaves_origin

PAGE = "https://shop.test/cart?x=1"


def leaves(href: str | None, page: str | None = PAGE) -> bool:
    links = pl.DataFrame(
        {"href": [href], "page": [page]}, schema={"href": pl.String, "page": pl.String}
    )
    answer: bool = links.select(leaves_origin(pl.col("href"), pl.col("page"))).item()
    return answer


@pytest.mark.parametrize(
    "href",
    [
        None,
        "",
        "#top",
        "?q=1",
        "/help",
        "help/a:b",
        "../up",
        "https://shop.test",
        "https://shop.test:443/x",
        "HTTPS://SHOP.TEST/Y",
        " https://user:pw@shop.test/ ",
        "//shop.test/z",
        "https://shop.test?a=https://bank.test/",
        "javascript:void(0)",
    ],
)
def test_links_within_the_origin_stay(href: str | None) -> None:
    assert leaves(href) is False


@pytest.mark.parametrize(
    "href",
    [
        "https://bank.test/",
        "https://www.shop.test/",
        "https://shop.test.evil.test/",
        "https://shop.test@evil.test/",
        "http://shop.test/",
        "https://shop.test:8443/",
        "//bank.test/",
        "mailto:a@shop.test",
        "tel:123",
        "https:///x",
    ],
)
def test_links_to_elsewhere_leave(href: str) -> None:
    assert leaves(href) is True


@pytest.mark.parametrize("page", [None, "", "about:blank"])
def test_on_a_page_without_origin_absolute_links_leave_and_relative_ones_stay(
    page: str | None,
) -> None:
    assert leaves("https://shop.test/", page) is True
    assert leaves("//shop.test/", page) is True
    assert leaves("/x", page) is False


def test_ports_compare_as_browsers_do() -> None:
    assert leaves("http://shop.test:80/", "http://shop.test/") is False
    assert leaves("http://shop.test/", "http://shop.test:8080/") is True
