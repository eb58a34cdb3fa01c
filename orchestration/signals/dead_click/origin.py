"""Tells links that leave the page's origin, for a click on those is answered elsewhere."""

import polars as pl

SCHEME = r"^([a-z][a-z0-9+.\-]*):"
AUTHORITY = r"^[a-z][a-z0-9+.\-]*://(?:[^/?#]*@)?([^/?#@]*)"
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def leaves_origin(href: pl.Expr, page_url: pl.Expr) -> pl.Expr:
    """True for a link whose scheme, host or port is not the page's; never null.

    Relative links and `javascript:` stay. `mailto:`, `tel:` and the like leave. An absolute link on
    a page whose url is unknown leaves: nothing says that it stays.
    """
    page = page_url.fill_null("").str.strip_chars().str.to_lowercase()
    link = href.fill_null("").str.strip_chars().str.to_lowercase()
    # A link like //host/path takes the page's scheme.
    link = (
        pl.when(link.str.starts_with("//"))
        .then(pl.concat_str(_scheme(page).fill_null("https"), pl.lit(":"), link))
        .otherwise(link)
    )
    stays = _scheme(link).is_null() | (_scheme(link) == "javascript")
    return ~(stays | _origin(link).eq(_origin(page)).fill_null(value=False))


def _scheme(url: pl.Expr) -> pl.Expr:
    return url.str.extract(SCHEME)


def _origin(url: pl.Expr) -> pl.Expr:
    """scheme://host:port with the scheme's usual port left out; null without a host."""
    host = url.str.extract(AUTHORITY)
    for scheme, port in DEFAULT_PORTS.items():
        host = pl.when(_scheme(url) == scheme).then(host.str.strip_suffix(port)).otherwise(host)
    return pl.concat_str(_scheme(url), pl.lit("://"), pl.when(host != "").then(host))
