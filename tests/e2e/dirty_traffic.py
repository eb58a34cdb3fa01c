"""Dirt of real traffic beside its like that is none, each kind with what is right of it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from orchestration.transform.bot_user_agents import SELF_TOLD
from tests.e2e.small_dirt import event

HOUR = 3_600_000
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
)
# User agent and navigator.webdriver as it was sent. Cubot makes phones.
BOTS = (
    ("curl/8.5.0", ""),
    (CHROME, "true"),
    (CHROME, "True"),
    ("Mozilla/5.0 (compatible; NewsSweeper-Spider/2.0; +https://sweeper.example/)", "false"),
    (CHROME.replace("Windows NT 10.0; Win64; x64", "Linux; Android 9; CUBOT_X18_Plus"), "false"),
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
    ("/", "HTTPS://WWW.Ecosia.ORG/"): ("Organic Search", "ecosia.org"),
    ("/", "https://xn--bcher-kva.example/"): ("Referral", "xn--bcher-kva.example"),
    ("/", "https://google.evil.example/"): ("Referral", "google.evil.example"),
    ("/", "android-app://com.google.android.gm/"): ("Referral", "com.google.android.gm"),
    ("/", "https://10.0.0.1/"): ("Referral", "10.0.0.1"),
    ("/?a=1#/b?utm_source=no", ""): ("Direct", ""),
    ("/", "https://blog.shop.test/"): ("Internal", ""),
    ("/?utm_campaign=spring", ""): ("Unassigned", ""),
    ("/", ""): ("Direct", ""),
}
URLS = {
    "https://shop.test/v1/u/7?a=1": "/v1/u/:id",
    "//shop.test:443/v1/u/3F2504E0-4F89-11D3-9A0C-0305E82C3301": "/v1/u/:id",
    "HTTPS://SHOP.test/v1/u/507f1f77bcf86cd799439011": "/v1/u/:id",
    "v1/u/8#x": "/v1/u/:id",
    "../a/../v1/u/./01ARZ3NDEKTSV4RRFFQ69G5FAV": "/v1/u/:id",
    "https://api.test/v1/u/8": "https://api.test/v1/u/:id",
    "https://me:secret@api.test/v1/u/9": "https://api.test/v1/u/:id",
    "https://shop.test:8443/v1": "https://shop.test:8443/v1",
    "https://api.test?u=/v1/u/8": "https://api.test",
    "?page=2": "/a",
    "data:text/plain,/v1/u/8": "data:",
    "blob:https://shop.test/3f2504e0-4f89-11d3-9a0c-0305e82c3301": "blob:",
    "/2024-01-15/top-10-shoes/v2/cus_8xT4": "/2024-01-15/top-10-shoes/v2/cus_8xT4",
    "/caf%c3%a9/%2525": "/café/%25",
}
ENDPOINTS = [*URLS.values()]
ERRORS = [
    "Failed to fetch module: https://shop.test/assets/index-Bx9Yq3kZ.js",
    "Failed to fetch module: https://shop.test/assets/index-a0cD_12f.js",
    "Failed to fetch module: https://shop.test/assets/index-QwErTyUi.js",
    "Failed to fetch module: https://shop.test/assets/index-dXy9-k_z.js",
    "Failed to fetch module: https://shop.test/assets/date-picker.js",
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
        [("/#/a/%20", 2), ("/%2F", 1), ("/app", 1), ("/app#!/a", 2), ("/你~/%2F/%FF", 2)],
    ),
    "one endpoint without its ids, another origin's with its host": (
        (
            "SELECT request_method, endpoint, count() FROM gosight.events WHERE {p}"
            f" AND session_id = '{session('url')}' GROUP BY ALL ORDER BY endpoint"
        ),
        sorted(
            ("GET", endpoint, ENDPOINTS.count(endpoint)) for endpoint in dict.fromkeys(ENDPOINTS)
        ),
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
            " ORDER BY error_count DESC, is_opaque DESC, is_foreign"
        ),
        [(4, False, False), (1, True, False), (1, False, False), (1, False, True)],
    ),
    "errors of others are not the page's": (
        (
            "SELECT error_count FROM gosight.sessions WHERE {p}"
            f" AND session_id = '{session('error')}'"
        ),
        [(6,)],
    ),
    "bots are told and counted nowhere": (
        "SELECT bot_reason, is_excluded FROM gosight.sessions WHERE {p} AND is_bot ORDER BY ALL",
        [
            (SELF_TOLD, True),
            ("^curl", True),
            ("webdriver", True),
            ("webdriver", True),
        ],
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
        [(0, 0, 0, 0, 4)],
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
    paths = (
        *("/%E4%BD%A0%7e/%2f/%ff", "/你~/%2F/%FF"),
        *("/app/#!/a?x=1", "/app#!/a/", "/app?y=1#x#!/a", "/%252F"),
    )
    # A host alone: what follows a slash behind ? or # is no path.
    by_url_alone = ("#/a/%2520?b=/c", "?b=/c#/a/%2520/")
    yield [event(page, "PAGE_VIEW", 1000 * n, path) for n, path in enumerate(paths)]
    yield [
        event(page, "PAGE_VIEW", 9000 * n, page={"url": f"https://shop.test{rest}"}, pageView={})
        for n, rest in enumerate(by_url_alone, start=1)
    ]
    yield [_request(session("url"), n, url, 200, 30, "get") for n, url in enumerate(URLS)]
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
    for n, (agent, webdriver) in enumerate(BOTS):
        path = "/phone" if "CUBOT" in agent else "/bot"
        told: dict[str, Any] = {"userAgent": agent}
        custom = {"webdriver": webdriver}
        yield [event(session(f"bot{n}"), "PAGE_VIEW", 0, path, device=told, custom=custom)]
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
    left: dict[str, Any] = {
        "mouseMove": {"positions": []},
        "device": {"userAgent": "HeadlessChrome/142.0.0.0"},
    }
    yield event(session("click"), "MOUSE_MOVE", 90_000, **left)


def _request(of: UUID, at: int, url: str, status: int, lasted: int, method: str = "GET") -> Event:
    said = {"method": method, "url": url, "status": status, "durationMs": lasted}
    return event(of, "FETCH_REQUEST", at, networkRequest=said)
