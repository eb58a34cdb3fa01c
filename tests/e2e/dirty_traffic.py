"""Dirt of real traffic beside its like that is none, each kind with what is right of it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from tests.e2e.small_dirt import event

HOUR = 3_600_000
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
)
Rows = list[tuple[Any, ...]]


def session(name: str) -> UUID:
    """Of a kind of dirt, by its letter and number."""
    return UUID(bytes=name.encode().ljust(16, b"_"))


# Landing page and referrer -> channel and the referrer's domain.
CAME = {
    ("/?utm_source=Newsletter&UTM_MEDIUM=E-Mail", "https://mail.test/"): ("Email", "mail.test"),
    ("/?utm_source=facebook&utm_medium=paid_social", ""): ("Paid Social", ""),
    ("/?msclkid=1", "https://www.bing.com/"): ("Paid Search", "bing.com"),
    ("/", "https://duckduckgo.com/"): ("Organic Search", "duckduckgo.com"),
    ("/", "https://www.google.co.uk/"): ("Organic Search", "google.co.uk"),
    ("/", "https://mail.google.com/"): ("Referral", "mail.google.com"),
    ("/", "https://l.facebook.com/l.php"): ("Organic Social", "l.facebook.com"),
    ("/", "https://m.youtube.com/watch"): ("Organic Video", "m.youtube.com"),
    ("/", "https://blog.shop.test/"): ("Internal", ""),
    ("/?utm_campaign=spring", ""): ("Unassigned", ""),
    ("/", ""): ("Direct", ""),
}
ERRORS = [
    "Failed to fetch module: https://shop.test/assets/index-Bx9Yq3kZ.js",
    "Failed to fetch module: https://shop.test/assets/index-a0cD_12f.js",
    "Uncaught Script error",
    "ResizeObserver loop limit exceeded",
]

RIGHT: dict[str, tuple[str, Rows]] = {
    "one page however its address is written": (
        (
            f"SELECT path, count() FROM gosight.page_views WHERE {{p}}"
            f" AND session_id = '{session('path')}'"
            " GROUP BY path ORDER BY path"
        ),
        [("/app#!/a", 2), ("/你~/%2F/%FF", 2)],
    ),
    "one endpoint without its ids, another origin's with its host": (
        (
            "SELECT method, endpoint, request_count FROM gosight.latency_daily WHERE {p}"
            " AND endpoint LIKE '%/v1/%' ORDER BY endpoint"
        ),
        [("GET", "/v1/u/:id", 4), ("GET", "https://api.test/v1/u/:id", 1)],
    ),
    "a request fails unless it was cut off by leaving": (
        (
            "SELECT request_count, error_count, aborted_count, p50_ms FROM gosight.latency_daily"
            " WHERE {p} AND endpoint = '/cut'"
        ),
        [(3, 1, 2, 30.0)],
    ),
    "what cannot be is not measured": (
        (
            "SELECT time_on_page_ms, request_duration_ms, inp, implausible FROM gosight.events"
            " WHERE {p}"
            f" AND session_id = '{session('odd')}' AND event_type != 'page_view' ORDER BY timestamp"
        ),
        [
            (None, None, None, 1),
            (None, None, None, 1),
            (None, 3600000, None, 0),
            (None, 9000000, None, 0),
            (None, None, 900000, 0),
            (None, None, None, 1),
        ],
    ),
    "alike errors are one group over releases": (
        (
            "SELECT error_count, is_opaque, is_foreign FROM gosight.errors_grouped WHERE {p}"
            " ORDER BY error_count DESC, is_opaque DESC"
        ),
        [(2, False, False), (1, True, False), (1, False, True)],
    ),
    "errors of others are not the page's": (
        (
            "SELECT error_count FROM gosight.sessions WHERE {p}"
            f" AND session_id = '{session('error')}'"
        ),
        [(3,)],
    ),
    "bots are told and counted nowhere": (
        "SELECT bot_reason, is_excluded FROM gosight.sessions WHERE {p} AND is_bot ORDER BY ALL",
        [("^curl", True), ("webdriver", True)],
    ),
    "no aggregate, insight or score knows a bot": (
        (
            "SELECT (SELECT count() FROM gosight.events_hourly_mv WHERE {p} AND path = '/bot'),"
            " (SELECT count() FROM gosight.experience_scores JOIN gosight.sessions"
            " USING (project_id, session_id) WHERE {p} AND is_bot),"
            " (SELECT count() FROM gosight.page_views WHERE {p} AND path = '/bot'),"
            " (SELECT count() FROM gosight.journeys WHERE {p} AND path = '/bot'),"
            " (SELECT count() FROM gosight.events WHERE {p} AND path = '/bot')"
        ),
        [(0, 0, 0, 0, 2)],
    ),
    "a view sent twice counts once, in another window or later it is another": (
        (
            "SELECT page_count, event_count FROM gosight.sessions WHERE {p}"
            f" AND session_id = '{session('twice')}'"
        ),
        [(3, 3)],
    ),
    "a session over a day is left out of averages": (
        (
            "SELECT is_overlong, duration_ms FROM gosight.sessions WHERE {p}"
            f" AND session_id IN ('{session('long1')}', '{session('long2')}') ORDER BY ALL"
        ),
        [(False, 24 * HOUR), (True, 24 * HOUR + 1)],
    ),
    "clicks that the browser answers are not dead": (
        "SELECT target_selector FROM gosight.insights WHERE {p} AND insight_type = 'dead_click'",
        [("#dead",)],
    ),
    "channels are those of GA4": (
        (
            "SELECT entry_url, referrer, channel, referrer_domain FROM gosight.sessions WHERE {p}"
            f" AND startsWith(toString(session_id), '{str(session('came'))[:8]}')"
            " ORDER BY ALL"
        ),
        sorted(
            (f"https://shop.test{url}", *told)
            for (url, *told) in ((url, referrer, *right) for (url, referrer), right in CAME.items())
        ),
    ),
}
"""Sentence -> query, with the project's condition as {p}, and its rows."""


def batch() -> EventBatch:
    """All of it, for a backfill."""
    return EventBatch(events=[one for events in _visits() for one in events])


def _visits() -> Iterator[list[Event]]:
    page, odd, cut, error = session("path"), session("odd"), session("cut"), session("error")
    paths = ("/%E4%BD%A0%7e/%2f/%ff", "/你~/%2F/%FF", "/app/#!/a?x=1", "/app#!/a/")
    yield [event(page, "PAGE_VIEW", 1000 * n, path) for n, path in enumerate(paths)]
    urls = (
        "https://shop.test/v1/u/7?a=1",
        "//shop.test:443/v1/u/3F2504E0-4F89-11D3-9A0C-0305E82C3301",
        "/v1/u/507f1f77bcf86cd799439011",
        "v1/u/8#x",
        "https://api.test/v1/u/8",
    )
    yield [_request(session("url"), n, url, 200, 30, "get") for n, url in enumerate(urls)]
    yield [
        *(_request(cut, at, "/cut", 0, 30) for at in (999, 1000, 2000)),
        event(cut, "PAGE_HIDDEN", 2000),
    ]
    yield [
        event(odd, "PAGE_VIEW", 0),
        event(odd, "PAGE_EXIT", 1, pageExit={"timeOnPageMs": 24 * HOUR + 1}),
        _request(odd, 2, "/odd", 200, HOUR + 1),
        _request(odd, 3, "/odd", 200, HOUR),
        event(odd, "WEBSOCKET", 4, networkRequest={"durationMs": 9_000_000, "requestType": 2}),
        event(odd, "WEB_VITALS", 5, performance={"interactionToNextPaint": 900_000}),
        event(odd, "WEB_VITALS", 6, performance={"cumulativeLayoutShift": -0.5}),
    ]
    yield [
        event(error, "JS_ERROR", 5000 * n, jsError={"message": message})
        for n, message in enumerate(ERRORS)
    ]
    yield [event(session("bot1"), "PAGE_VIEW", 0, "/bot", device={"userAgent": "curl/8.5.0"})]
    yield [
        event(
            session("bot2"),
            "PAGE_VIEW",
            0,
            "/bot",
            custom={"webdriver": "true"},
            device={"userAgent": CHROME},
        )
    ]
    yield [
        event(session("twice"), "PAGE_VIEW", at, custom={"window_id": window})
        for at, window in ((0, "1"), (50, "2"), (100, "1"), (201, "1"))
    ]
    for n, lasted in enumerate((24 * HOUR, 24 * HOUR + 1), start=1):
        yield [event(session(f"long{n}"), "PAGE_VIEW", at) for at in (0, lasted)]
    yield list(_clicks())
    for n, (url, referrer) in enumerate(CAME):
        yield [event(session(f"came{n}"), "PAGE_VIEW", 0, url, referrer)]


def _clicks() -> Iterator[Event]:
    targets: list[dict[str, Any]] = [
        {"tag": "a", "href": "/price.pdf", "attributes": {"download": "price.pdf"}},
        {"tag": "area", "href": "/other", "attributes": {"target": "_BLANK"}},
        {"tag": "input", "classes": ["btn"], "attributes": {"type": "COLOR"}},
        {"tag": "label", "classes": ["button"]},
        {"tag": "canvas", "attributes": {"role": "button"}},
        {"tag": "a", "href": "mailto:a@b.test"},
        {"tag": "a", "href": "/same", "attributes": {"target": "_self"}, "selector": "#dead"},
    ]
    for n, target in enumerate(targets):
        chrome = {"userAgent": CHROME}
        yield event(session("click"), "CLICK", 10_000 * n, click={"target": target}, device=chrome)
    # What is sent while a page is left may name another browser; the visitor is none the less one.
    left = {"mouseMove": {"positions": []}, "device": {"userAgent": "HeadlessChrome/142.0.0.0"}}
    yield event(session("click"), "MOUSE_MOVE", 90_000, **left)


def _request(of: UUID, at: int, url: str, status: int, lasted: int, method: str = "GET") -> Event:
    said = {"method": method, "url": url, "status": status, "durationMs": lasted}
    return event(of, "FETCH_REQUEST", at, networkRequest=said)
