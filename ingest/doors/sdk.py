"""Requests of other SDKs at the HTTP door, as their adapters and the intake take them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ingest.admission.origins import page_host
from ingest.clock import now_ms
from ingest.formats.request import Request, first_values
from ingest.formats.routes import Route
from ingest.geo.locating import Client
from ingest.intake import Sent

# What SDKs send is JSON, and mostly gzip.
INFLATED_TIMES = 4


def request(scope: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> Request:
    """An ASGI scope and its body; header names are lower case."""
    query = first_values(scope["query_string"].decode("latin-1"))
    return Request(scope["method"], scope["path"], headers, query, body, now_ms())


def sent(route: Route, one: Request, door: str, client: Client) -> Sent:
    """ValueError for a route that takes no events."""
    if route.read is None:
        raise ValueError("this path takes no events")
    return Sent(
        door=door,
        read=partial(route.read, one),
        size=len(one.body) * INFLATED_TIMES,
        key=one.header("x-gosight-key"),
        is_backfill=one.header("x-gosight-backfill") == "1",
        page_host=page_host(one.header("origin"), one.header("referer")),
        client=client,
    )
