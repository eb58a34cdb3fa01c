"""OpenTelemetry: spans of the browser's instrumentations of fetch, XHR and document load."""

from collections.abc import Callable, Iterator

from gosight.common_pb2 import DeviceInfo
from gosight.events_pb2 import Event, EventType

from ingest.decode.envelope import Envelope
from ingest.formats.answers import Answer, of_json
from ingest.formats.otlp_spans import Span, spans_of
from ingest.formats.request import Request
from ingest.formats.telling import Teller, derived_id, envelope, uuid_of
from ingest.formats.values import MAX_ID, clip, page, path_of, text, whole
from ingest.formats.visitors import visitor_session

NAME = "otlp"
SDK = "opentelemetry"
CLIENT = 3
_USERS = ("user.id", "enduser.id")


def read(request: Request) -> Envelope:
    """POST /v1/traces, protobuf or JSON. MalformedBatchError when it is neither.

    Spans of which this project has no notion are passed over.
    """
    spans = spans_of(request)
    return envelope(_bearer(request), SDK, 0, spans, lambda span: _events(span, request))


def thanks(request: Request) -> Answer:
    """An ExportTraceServiceResponse that says nothing, in the request's own writing."""
    is_protobuf = "protobuf" in request.header("content-type")
    return Answer(b"", "application/x-protobuf") if is_protobuf else of_json({})


def _bearer(request: Request) -> str:
    scheme, _, token = request.header("authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _events(span: Span, request: Request) -> Iterator[Event]:
    for is_of, read_one in _READERS:
        if is_of(span):
            yield from read_one(_teller(span, request), span)
            return


def _teller(span: Span, request: Request) -> Teller:
    session = text(span.said("session.id"))
    user = next((text(span.said(name)) for name in _USERS if span.said(name)), "")
    device = text(span.said("user.pseudo.id") or span.said("service.instance.id"))
    visitor = device or user
    where = text(span.said("browser.page.url") or span.said("location.href"))
    return Teller(
        uuid_of(NAME, session) if session else visitor_session(NAME, visitor, span.started_at),
        span.ended_at,
        clip(user, MAX_ID),
        page(where) if where else None,
        _device(span, request),
        clip(device, MAX_ID),
    )


def _device(span: Span, request: Request) -> DeviceInfo:
    agent = text(span.said("user_agent.original") or span.said("http.user_agent"))
    return DeviceInfo(
        user_agent=clip(agent or request.header("user-agent")),
        language=clip(span.said("browser.language")),
    )


def _url(span: Span) -> str:
    return text(span.said("url.full") or span.said("http.url"))


def _is_request(span: Span) -> bool:
    """Of a page's code: a document's own requests are told by document load."""
    has_method = span.said("http.request.method") or span.said("http.method")
    return span.kind == CLIENT and bool(has_method) and bool(_url(span))


def _request(teller: Teller, span: Span) -> Iterator[Event]:
    """A status of 0 is a request without an answer."""
    is_xhr = "xml" in span.scope.lower() or "xhr" in span.scope.lower()
    status = span.said("http.response.status_code") or span.said("http.status_code")
    payload = {
        "method": clip(span.said("http.request.method") or span.said("http.method")),
        "url": clip(_url(span)),
        "status": whole(status, 0),
        "duration_ms": span.ended_at - span.started_at,
        "request_type": 0 if is_xhr else 1,
    }
    kind = EventType.EVENT_TYPE_XHR_REQUEST if is_xhr else EventType.EVENT_TYPE_FETCH_REQUEST
    yield teller.event(span.event_id, kind, network_request=payload)


def _is_document_load(span: Span) -> bool:
    return span.name == "documentLoad"


def _document_load(teller: Teller, span: Span) -> Iterator[Event]:
    """A page view, and when the document was there."""
    where, title = page(_url(span)), ""
    view = {"page_title": title, "page_path": path_of(_url(span))}
    yield teller.event(
        derived_id(span.event_id, "view"),
        EventType.EVENT_TYPE_PAGE_VIEW,
        at=span.started_at,
        page_view=view,
        page=where,
    )
    timings = {
        "dom_content_loaded": span.since_start("domContentLoadedEventEnd"),
        "load_complete": span.since_start("loadEventEnd"),
        "first_paint": span.since_start("firstPaint"),
        "first_contentful_paint": span.since_start("firstContentfulPaint"),
    }
    kind = EventType.EVENT_TYPE_PAGE_LOAD
    yield teller.event(span.event_id, kind, performance=timings, page=where)


def _is_document_fetch(span: Span) -> bool:
    return span.name == "documentFetch"


def _document_fetch(teller: Teller, span: Span) -> Iterator[Event]:
    """The document's own request tells the time to its first byte."""
    first_byte, where = span.since_start("responseStart"), page(_url(span))
    if first_byte is not None:
        timings, kind = {"ttfb": first_byte}, EventType.EVENT_TYPE_PAGE_LOAD
        yield teller.event(span.event_id, kind, performance=timings, page=where)


_READERS: tuple[tuple[Callable[[Span], bool], Callable[[Teller, Span], Iterator[Event]]], ...] = (
    (_is_document_load, _document_load),
    (_is_document_fetch, _document_fetch),
    (_is_request, _request),
)
