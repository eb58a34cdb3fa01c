"""Which path belongs to which SDK: its adapter, and what it is answered."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingest.decode.envelope import Envelope
from ingest.formats import otlp, posthog, posthog_config, rrweb, segment, snowplow
from ingest.formats.answers import PIXEL, Answer, of_json, script
from ingest.formats.request import Request

Read = Callable[[Request], Envelope]
Thank = Callable[[Request], Answer]
EMPTY = of_json({})
_KEY = r"(?P<key>[A-Za-z0-9_-]{1,200})"


# Answers a question of an SDK: the request, what its path named, the folder of scripts if any.
Tell = Callable[[Request, dict[str, str], Path | None], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """Either takes events (`read`, answered by `thanks`) or tells something (`tell`)."""

    path: re.Pattern[str]
    methods: tuple[str, ...]
    read: Read | None = None
    thanks: Thank = lambda _: EMPTY
    tell: Tell | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A route, and what its path named."""

    route: Route
    named: dict[str, str]


def find(path: str, method: str) -> Found | None:
    """The first route of that path and method; with OPTIONS, of that path."""
    for route in ROUTES:
        match = route.path.fullmatch(path)
        if match and (method in route.methods or method == "OPTIONS"):
            return Found(route, match.groupdict())
    return None


def _takes(path: str, read: Read, thanks: Answer, *methods: str) -> Route:
    return Route(re.compile(path), methods or ("POST",), read, lambda _: thanks)


def _tells(path: str, tell: Tell, *methods: str) -> Route:
    return Route(re.compile(path), methods or ("GET", "HEAD"), tell=tell)


def _posthog_config(request: Request, named: dict[str, str], _: Path | None) -> Answer:
    return posthog_config.config(named.get("key") or request.query.get("token", ""))


def _posthog_config_script(_: Request, named: dict[str, str], __: Path | None) -> Answer:
    return posthog_config.config_script(named["key"])


def _posthog_script(_: Request, named: dict[str, str], scripts: Path | None) -> Answer:
    return script(scripts, "posthog-js", named["name"])


def _segment_settings(request: Request, named: dict[str, str], _: Path | None) -> Answer:
    is_secure = request.header("x-forwarded-proto") == "https"
    host = request.header("x-forwarded-host") or request.header("host")
    return of_json(segment.settings(named["key"], host, is_secure=is_secure))


def _rudder_config(request: Request, _: dict[str, str], __: Path | None) -> Answer:
    return of_json(segment.source_config(request.query.get("writeKey", "")))


def _segment_script(_: Request, __: dict[str, str], scripts: Path | None) -> Answer:
    return script(scripts, "@segment/analytics-next", "umd/standalone.js")


ROUTES = (
    _takes(
        r"/(?:e|i/v0/e|batch|capture|track|s)/?",
        posthog.read,
        of_json(posthog_config.ACCEPTED),
    ),
    _tells(r"/(?:flags|decide)/?", _posthog_config, "GET", "POST", "HEAD"),
    _tells(rf"/array/{_KEY}/config", _posthog_config),
    _tells(rf"/array/{_KEY}/config\.js", _posthog_config_script),
    _tells(r"/static/(?:\d[\d.]*/)?(?P<name>[A-Za-z0-9_.-]+\.js)", _posthog_script),
    _tells(rf"/array/{_KEY}/(?P<name>[A-Za-z0-9_.-]+\.js)", _posthog_script),
    _takes(
        r"/(?:beacon/)?v1/(?:page|p|track|t|identify|i|screen|s|group|g|alias|a|batch|b|import)/?",
        segment.read,
        of_json({"success": True}),
    ),
    _tells(rf"/v1/projects/{_KEY}/settings", _segment_settings),
    _tells(rf"/analytics\.js/v1/{_KEY}/analytics(?:\.min)?\.js", _segment_script),
    _tells(r"/sourceConfig/?", _rudder_config),
    _takes(
        r"/com\.snowplowanalytics\.snowplow/tp2/?",
        snowplow.read,
        Answer(b"ok", "text/plain; charset=utf-8"),
    ),
    _takes(r"/i", snowplow.read, Answer(PIXEL, "image/gif"), "GET"),
    _takes(r"/v1/replay/?", rrweb.read_replay, EMPTY),
    _takes(r"/v1/vitals/?", rrweb.read_vitals, EMPTY),
    Route(re.compile(r"/v1/traces/?"), ("POST",), otlp.read, otlp.thanks),
)
