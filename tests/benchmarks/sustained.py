"""Events sent at a steady rate while runs follow: spool size and freshness as curves.

Freshness is how old the newest marker is that `hxi.sessions` shows: a session of one event, sent
once a second among the others. A curve that grows means that something does not keep pace.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from threading import Event, Lock, Thread
from uuid import uuid4

import grpc
import httpx
from gosight.ingest_pb2 import EventBatch

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from simulate import Plan, generate
from tests.benchmarks.report import Report

SENDERS = 4
EVERY = "10s"
SAMPLE_SECONDS = 5.0
SHOWN_SECONDS = 30.0
FRESHNESS_BAR = 30.0
SEND = "/gosight.IngestService/SendBatch"


@dataclass(frozen=True)
class Sample:
    """What is seen `at` so many seconds after the first event."""

    at: float
    sent: int
    waiting: int
    """Events in the spool."""
    spool_mib: float
    freshness: float
    """Seconds; since the start while no marker is visible."""


@dataclass(frozen=True)
class Pace:
    """So many events a second, for so many seconds."""

    rate: int
    seconds: float


def measure(report: Report, endpoints: Endpoints, pace: Pace) -> None:
    """Sends at the pace under `hxi run --every`; keeps each sample."""
    report.section(f"sustained: {pace.rate:,} /s for {pace.seconds:,.0f} s, run --every {EVERY}")
    with tempfile.TemporaryDirectory() as folder, _runs(endpoints, Path(folder) / "log"):
        file = Path(folder) / "bodies"
        events = _write(file, int(pace.rate * pace.seconds))
        sending = Sending(endpoints, pace.rate)
        samples = sending.run(file)
    report.rate("sent and acknowledged", events, samples[-1].at)
    for name, value in (
        ("freshness, most", max(one.freshness for one in samples)),
        ("freshness, median", sorted(one.freshness for one in samples)[len(samples) // 2]),
    ):
        report.seconds(name, value, f"bar: {FRESHNESS_BAR:.0f}" if "most" in name else "")
    report.megabytes("spool, most", max(one.spool_mib for one in samples))
    report.curve("at, sent, waiting, spool MiB, freshness", [asdict(one) for one in samples])


@contextmanager
def _runs(endpoints: Endpoints, log: Path) -> Iterator[None]:
    """One process that runs again and again; ended at the end. RuntimeError if it ended before."""
    command = [sys.executable, "-m", "hxi", "run", "--every", EVERY]
    environment = os.environ | endpoints.environment()
    root = Path(__file__).resolve().parents[2]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, cwd=root, stdout=out, stderr=out)
        try:
            yield
            if process.poll() is not None:
                raise RuntimeError(f"hxi run ended: {log.read_text()[-2000:]}")
        finally:
            process.terminate()
            process.wait()
            print(f"  the runs' last words: {log.read_text()[-500:].strip()}", flush=True)


def _write(file: Path, events: int) -> int:
    """Bodies of at least so many events, each after its length and its number of events."""
    written = 0
    with file.open("wb") as out:
        for batch in generate(
            Plan(max(1, events // 20), days=7, seed=int(time.time()), recorded=0)
        ):
            body = batch.SerializeToString()
            out.write(len(body).to_bytes(4) + len(batch.events).to_bytes(4) + body)
            written += len(batch.events)
            if written >= events:
                break
    return written


def _read(file: Path) -> Iterator[tuple[bytes, int]]:
    with file.open("rb") as bodies:
        while head := bodies.read(8):
            yield bodies.read(int.from_bytes(head[:4])), int.from_bytes(head[4:])


class Sending:
    """Sends bodies at a rate from several connections, and looks what has become of them."""

    def __init__(self, endpoints: Endpoints, rate: int) -> None:
        self._endpoints = endpoints
        self._rate = rate
        self._lock = Lock()
        self._over = Event()
        self._sent = 0
        self._markers: dict[str, float] = {}
        self._newest = 0.0

    def run(self, file: Path) -> list[Sample]:
        """Until all of the file is acknowledged."""
        samples: list[Sample] = []
        self._started = time.monotonic()
        looker = Thread(target=self._look, args=(samples,))
        looker.start()
        try:
            bodies = _read(file)
            with ThreadPoolExecutor(SENDERS + 1) as senders:
                marks = senders.submit(self._mark)
                for one in [senders.submit(self._send, bodies) for _ in range(SENDERS)]:
                    one.result()
                self._over.set()
                marks.result()
        finally:
            self._over.set()
            looker.join()
        return samples

    @property
    def _age(self) -> float:
        return time.monotonic() - self._started

    def _send(self, bodies: Iterator[tuple[bytes, int]]) -> None:
        with grpc.insecure_channel(self._endpoints.ingest_grpc) as channel:
            send = channel.unary_unary(SEND)
            while True:
                with self._lock:
                    body, events = next(bodies, (b"", 0))
                    due = self._sent / self._rate
                    self._sent += events
                if not events:
                    return
                time.sleep(max(0.0, due - self._age))
                send(body, metadata=self._key, wait_for_ready=True, timeout=60)

    @property
    def _key(self) -> tuple[tuple[str, str]]:
        return (("x-gosight-key", self._endpoints.project_key),)

    def _mark(self) -> None:
        """A session of one event, each second."""
        templates = cycle(generate(Plan(3, days=1, seed=1, recorded=0, dirty=0)))
        with grpc.insecure_channel(self._endpoints.ingest_grpc) as channel:
            send = channel.unary_unary(SEND)
            while not self._over.wait(1.0):
                event = next(templates).events[0]
                event.event_id, event.session_id = str(uuid4()), str(uuid4())
                event.timestamp.millis = int(time.time() * 1000)
                body = EventBatch(events=[event]).SerializeToString()
                self._markers[event.session_id] = self._age
                send(body, metadata=self._key, wait_for_ready=True, timeout=60)

    def _look(self, samples: list[Sample]) -> None:
        """The last look is after the end."""
        shown = 0.0
        with clients.postgres(self._endpoints.postgres_dsn) as served:
            while True:
                is_over = self._over.wait(SAMPLE_SECONDS)
                known = list(self._markers)
                rows = served.execute(
                    "SELECT session_id::text FROM hxi.sessions"
                    " WHERE project_id = %s::uuid AND session_id = ANY (%s::uuid[])",
                    (self._endpoints.project_id, known),
                ).fetchall()
                self._seen([str(one) for (one,) in rows])
                samples.append(self._sample())
                if samples[-1].at >= shown or is_over:
                    print(f"  {_line(samples[-1])}", flush=True)
                    shown = samples[-1].at + SHOWN_SECONDS
                if is_over:
                    return

    def _seen(self, visible: Sequence[str]) -> None:
        """Markers that are visible, and older ones, are not asked for again."""
        self._newest = max([self._newest, *(self._markers[one] for one in visible)])
        for one in [one for one, sent in list(self._markers.items()) if sent <= self._newest]:
            del self._markers[one]

    def _sample(self) -> Sample:
        health = httpx.get(f"{self._endpoints.ingest_url}/health", timeout=60).json()["spool"]
        at = self._age
        mib = health["bytes"] / (1 << 20)
        return Sample(at, self._sent, health["events"], mib, at - self._newest)


def _line(one: Sample) -> str:
    return (
        f"{one.at:6.0f} s  {one.sent:>10,} sent  {one.waiting:>9,} in the spool"
        f" ({one.spool_mib:.1f} MiB)  {one.freshness:5.1f} s behind"
    )
