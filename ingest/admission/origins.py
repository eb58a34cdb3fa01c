"""Which pages may send: a project's `allowed_domains` against Origin, else Referer."""

from collections.abc import Sequence
from urllib.parse import urlsplit


def page_host(origin: str, referer: str) -> str | None:
    """The host a browser says the page has, lower case; None where no browser says anything.

    A page without an origin (a file, a sandboxed frame) sends `null`: its host is ''.
    """
    said = origin or referer
    if not said:
        return None
    try:
        return (urlsplit(said).hostname or "").lower()
    except ValueError:
        return ""


def is_allowed(host: str | None, domains: Sequence[str]) -> bool:
    """Whether a page of `host` may send: any may where no domain is named.

    A domain stands for itself and what is below it; `*.shop.example` says the same.
    """
    if host is None or not domains:
        return True
    return any(_covers(domain, host) for domain in domains)


def _covers(domain: str, host: str) -> bool:
    name = domain.strip().lower().removeprefix("*.")
    if "//" in name:
        name = urlsplit(name).hostname or ""
    name = name.partition("/")[0].partition(":")[0]
    return bool(name) and (host == name or host.endswith(f".{name}"))
