"""Spans for OpenTelemetry where OTEL_EXPORTER_OTLP_ENDPOINT says where they go; nothing elsewhere.

The exporter reads its own OTEL_* variables. It sends behind what is traced, never in its way.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
STOP_MS = 5_000
Values = Mapping[str, str | int | float | bool]


class Traces:
    """One per process. `start` is asked once; before, and without an address, spans are None."""

    def __init__(self) -> None:
        self._provider: TracerProvider | None = None
        self._tracer: Tracer | None = None

    def start(self, service: str, environment: Mapping[str, str]) -> None:
        """Send from here on, if there is an address. OTEL_SERVICE_NAME counts before `service`."""
        if not (environment.get(ENDPOINT) or environment.get(TRACES_ENDPOINT)):
            return
        # Loaded by those that trace.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        name = environment.get("OTEL_SERVICE_NAME") or service
        self._provider = TracerProvider(resource=Resource.create({"service.name": name}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("hxi")

    def stop(self) -> None:
        """Send what waits."""
        if self._provider is not None:
            self._provider.force_flush(STOP_MS)
            self._provider.shutdown()
        self._provider = self._tracer = None

    def begin(self, name: str, parent: str = "") -> "Span | None":
        """A span to be ended by whoever finishes its work; `parent` is a traceparent header."""
        if self._tracer is None:
            return None
        from opentelemetry.trace.propagation.tracecontext import (
            TraceContextTextMapPropagator,
        )

        context = TraceContextTextMapPropagator().extract({"traceparent": parent})
        return self._tracer.start_span(name, context)

    @contextmanager
    def block(self, name: str, **values: Any) -> Iterator[None]:
        """A span for the length of the block; an error ends it as one."""
        if self._tracer is None:
            yield
            return
        with self._tracer.start_as_current_span(name, attributes=values):
            yield

    def steps(self, name: str, values: Values, steps: list[tuple[str, float, float]]) -> None:
        """Of work that is over: a span that ends now, and below it one for each step.

        Steps are name, end in seconds since 1970, and length in seconds.
        """
        if self._tracer is None:
            return
        from opentelemetry import trace

        begun = min((end - length for _, end, length in steps), default=time.time())
        whole = self._tracer.start_span(name, start_time=_ns(begun), attributes=values)
        context = trace.set_span_in_context(whole)
        for step, end, length in steps:
            span = self._tracer.start_span(step, context, start_time=_ns(end - length))
            span.end(_ns(end))
        whole.end()


def finish(span: "Span | None", values: Values) -> None:
    """With what became of it."""
    if span is not None:
        span.set_attributes(values)
        span.end()


def fail(span: "Span | None", error: Exception) -> None:
    """Ended by an error that somebody is told of."""
    if span is not None:
        from opentelemetry.trace import StatusCode

        span.set_status(StatusCode.ERROR, str(error))
        span.end()


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)


TRACES = Traces()
