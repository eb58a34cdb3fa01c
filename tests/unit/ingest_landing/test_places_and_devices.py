"""What ingest itself knows of a batch, in rows and documents, and on the way back from these."""

from dataclasses import replace
from typing import Any

import pytest
from gosight.common_pb2 import DeviceInfo, GeoLocation
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from ingest.decode.arrow import EVENTS, table
from ingest.decode.documents import from_event_document
from ingest.decode.rows import event_row
from ingest.landing.items import Item, items_of
from tests.unit.ingest_landing.landing_batches import batch_of, event

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/120.0.0.0 Safari/537.36"
)
PLACE = GeoLocation(ip="198.51.100.0", country="France", country_code="FR", city="Brest")


def landed(one: Event, **known: Any) -> Item:
    """The event as landing has it, in a batch of which ingest knows this."""
    batch = batch_of("p", "batch", [one])
    body = EventBatch(events=[one], **known).SerializeToString()
    (item,) = items_of([replace(batch, body=body)])
    return item


def test_the_place_is_in_every_row_and_survives_the_documents() -> None:
    item = landed(event("a", "s"), geo=PLACE)
    row = item.row()
    assert [row[name] for name in ("ip", "country", "country_code", "region", "city")] == [
        *("198.51.100.0", "France", "FR", "", "Brest")
    ]
    assert event_row(*from_event_document(item.document())) == row
    assert table([row], EVENTS).column("country").to_pylist() == ["France"]


def test_a_column_that_the_table_has_not_is_refused() -> None:
    row = landed(event("a", "s")).row()
    with pytest.raises(KeyError, match="planet"):
        table([row | {"planet": "Mars"}], EVENTS)


@pytest.mark.parametrize(
    ("device", "sent_with", "told"),
    [
        (DeviceInfo(user_agent=CHROME), "", ("Chrome", "Windows", "desktop")),
        (DeviceInfo(), CHROME, ("Chrome", "Windows", "desktop")),
        (DeviceInfo(browser="Ours", os="Own"), CHROME, ("Ours", "Own", "desktop")),
        (DeviceInfo(user_agent="Lynx/2.9"), CHROME, ("Lynx", "", "")),
        (DeviceInfo(), "", ("", "", "")),
    ],
)
def test_a_user_agent_tells_what_the_sdk_did_not(
    device: DeviceInfo, sent_with: str, told: tuple[str, str, str]
) -> None:
    one = event("a", "s")
    one.device.CopyFrom(device)
    item = landed(one, user_agent=sent_with)
    row = item.row()
    assert (row["browser"], row["os"], row["device_type"]) == told
    assert event_row(*from_event_document(item.document())) == row
