"""What a running ingest tells of landing at /metrics is what the ledger says."""

from collections import Counter
from collections.abc import Callable

from stack.embedded import Stack
from tests.conftest import TestProject
from tests.integration.ingest_doors.conftest import Ledger
from tests.scraping import Samples, at, scraped
from tests.unit.ingest_doors.door_clients import open_way
from tests.unit.ingest_doors.sent_events import clicks
from tests.waiting import until


def test_landed_and_double_events_are_counted_and_the_spool_is_empty_again(
    stack: Stack, project: TestProject, landed: Callable[[list[str]], list[Ledger]]
) -> None:
    url = stack.endpoints.ingest_url
    before = settled(url)
    sent = clicks(10, key=project.key)
    with open_way("http_json", url, "") as door:
        batch_ids = [door.send(sent).batch_ids[0] for _ in range(3)]
    rows = landed(batch_ids)
    now = settled(url)
    names = ("landed", "duplicate", "refused_by_store", "erased")
    assert fates(now) - fates(before) == sum(
        (Counter({name: row[name] for name in names}) for row in rows), Counter()
    )
    assert at(now, "ingest_landing_seconds_count") > at(before, "ingest_landing_seconds_count")
    assert at(now, "ingest_landing_failing") == 0
    assert at(now, "ingest_store_up", store="clickhouse") == 1


def settled(url: str) -> Samples:
    """A scrape when nothing waits: batches leave the spool before they are counted."""

    def twice_the_same() -> Samples | None:
        one, other = scraped(url), scraped(url)
        is_settled = at(other, "ingest_spool_batches") == 0 and fates(one) == fates(other)
        return other if is_settled else None

    settled = until(twice_the_same)
    assert settled is not None
    return settled


def fates(samples: Samples) -> Counter[str]:
    return Counter(
        {
            dict(labels)["fate"]: int(value)
            for (name, labels), value in samples.items()
            if name == "hxi_ingest_landed_events_total"
        }
    )
