"""How ingest stands at a scrape: its spool, its stores, real time."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.doors.health import Health


class State(Collector):
    """Reads the spool's file: for scrapes, not for requests."""

    def __init__(self, health: Health, spool_bytes: int) -> None:
        """`spool_bytes`: what the spool may hold."""
        self._health = health
        self._spool_bytes = spool_bytes

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: names are known at a scrape."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """As `GET /health`."""
        facts = self._health.facts()
        yield from _spool(facts["spool"])
        yield _gauge("spool_limit_bytes", "What the spool may hold.", self._spool_bytes)
        stores = GaugeMetricFamily(
            "hxi_ingest_store_up", "Whether the store answered last.", labels=["store"]
        )
        for store, answers in facts["stores"].items():
            stores.add_metric([store], answers)
        yield stores
        failing = facts["last_landing_error"] is not None
        yield _gauge("landing_failing", "Whether something keeps batches from landing.", failing)
        if realtime := facts.get("realtime"):
            yield _gauge("realtime_up", "Whether Redis took what came last.", realtime["redis"])
            yield CounterMetricFamily(
                "hxi_ingest_realtime_batches_left_out",
                "Kept batches that Redis does not count.",
                value=realtime["batches_left_out"],
            )


def _spool(spool: dict[str, float]) -> Iterator[Metric]:
    yield _gauge("spool_batches", "Kept batches that have not landed.", spool["batches"])
    yield _gauge("spool_events", "Their events.", spool["events"])
    yield _gauge("spool_bytes", "Their bytes.", spool["bytes"])
    age = spool["oldest_age_seconds"]
    yield _gauge("spool_oldest_age_seconds", "How long the oldest waits.", age)


def _gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"hxi_ingest_{name}", told, value=value)
