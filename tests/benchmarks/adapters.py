"""Events per second of a core that adapters read of SDKs' requests, beside a bare json.loads."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from ingest.decode.envelope import load_json
from ingest.formats.request import Request
from tests.benchmarks.report import Report
from tests.conftest import SHARED_DATA
from tests.e2e.sdk_recordings import recorded_sdks
from tests.unit.ingest_formats.recorded import as_protobuf, otlp_visit, read, recorded

T = TypeVar("T")
SECONDS = 2.0
LIMIT = "(at least 20,000 /s)"


def measure(report: Report) -> None:
    """Of recorded requests, each format again and again; OpenTelemetry in both its writings."""
    report.section("adapters: recorded requests of SDKs, one core")
    for name, requests in _formats().items():
        events = sum(len(read(one).events) for one in requests)
        ours = _core_seconds(_each(read, requests))
        report.rate(f"{name} {LIMIT}", events, ours)
        if name != "otlp, protobuf":
            bodies = [one.plain_body() for one in requests]
            bare = _core_seconds(_each(load_json, bodies))
            report.ratio(f"{name} / bare json.loads of the same", ours / bare)


def _each(work: Callable[[T], object], over: Sequence[T]) -> Callable[[], object]:
    return lambda: [work(one) for one in over]


def _formats() -> Mapping[str, Sequence[Request]]:
    files = {name: SHARED_DATA / "sdk" / f"{name}.jsonl" for name in recorded_sdks()}
    spans = list(otlp_visit())
    return {
        **{name: list(recorded(file)) for name, file in files.items()},
        "otlp, JSON": spans,
        "otlp, protobuf": [as_protobuf(one) for one in spans],
    }


def _core_seconds(work: Callable[[], object]) -> float:
    """Processor time of one call, of as many as fit into some seconds."""
    work()
    calls, began = 0, time.process_time()
    while time.process_time() - began < SECONDS:
        work()
        calls += 1
    return (time.process_time() - began) / calls
