"""What ingest counts, as `GET /metrics` tells it: once a batch or a block, never an event."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from ingest.errors import RefusalError, status_of

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
ANSWER_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LANDING_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One per process; its methods may be called from any thread."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._batches = Counter(
            "hxi_ingest_batches", "Batches kept: on disk and answered.", ["door"], registry=registry
        )
        self._refused = Counter(
            "hxi_ingest_batches_refused",
            "Batches of which nothing was kept.",
            ["reason"],
            registry=registry,
        )
        self._accepted = Counter(
            "hxi_ingest_events_accepted", "Valid events of kept batches.", registry=registry
        )
        self._filtered = Counter(
            "hxi_ingest_events_filtered", "Events that a project does not want.", registry=registry
        )
        self._rejected = Counter(
            "hxi_ingest_events_rejected",
            "Events refused at a door.",
            ["reason"],
            registry=registry,
        )
        self._answers = Histogram(
            "hxi_ingest_answer_seconds",
            "From a body that is read to a batch that is on disk.",
            ["door"],
            buckets=ANSWER_SECONDS,
            registry=registry,
        )
        self._landed = Counter(
            "hxi_ingest_landed_events",
            "Events by what became of them at landing.",
            ["fate"],
            registry=registry,
        )
        self._blocks = Histogram(
            "hxi_ingest_landing_seconds",
            "Blocks of batches landed in both stores.",
            buckets=LANDING_SECONDS,
            registry=registry,
        )
        self._failures = Counter(
            "hxi_ingest_landing_failures",
            "Blocks that did not land and are tried again.",
            registry=registry,
        )
        ProcessCollector(registry=registry)

    def show(self, collector: Collector) -> None:
        """Ask it too, at each scrape."""
        self._registry.register(collector)

    def kept(
        self, door: str, accepted: int, filtered: int, refused: Mapping[str, int], seconds: float
    ) -> None:
        """A batch that is on disk; `refused` are its events by reason."""
        self._batches.labels(door).inc()
        self._answers.labels(door).observe(seconds)
        self._accepted.inc(accepted)
        self._filtered.inc(filtered)
        for reason, events in refused.items():
            self._rejected.labels(reason).inc(events)

    def refused(self, refusal: RefusalError) -> None:
        """A batch of which nothing was kept."""
        self._refused.labels(status_of(refusal).name.lower()).inc()

    def landed(self, fates: Mapping[str, int], seconds: float) -> None:
        """A block; `fates` are its events by the ledger's columns."""
        self._blocks.observe(seconds)
        for fate, events in fates.items():
            self._landed.labels(fate).inc(events)

    def not_landed(self) -> None:
        """A block that waits to be tried again."""
        self._failures.inc()

    def text(self) -> bytes:
        """In Prometheus' text format; asks the collectors, so it may take a moment."""
        return generate_latest(self._registry)
