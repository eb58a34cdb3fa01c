"""Small things to do with addresses."""

import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit


def without_user(url: str) -> str:
    """The URL less its user and password, for messages and for open pages."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")


def with_database(url: str, database: str) -> str:
    """The URL with the database as its path, unless it names one."""
    parts = urlsplit(url)
    return url if parts.path.strip("/") else urlunsplit(parts._replace(path=f"/{database}"))


def answers_ok(url: str) -> bool:
    """Whether GET answers 200 within 2 s."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
