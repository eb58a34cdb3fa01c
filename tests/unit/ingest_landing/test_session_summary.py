"""The summary of a session is the same whatever arrives when, and how often."""

from itertools import permutations

from gosight.common_pb2 import DeviceType

from ingest.decode.documents import Document
from ingest.decode.summary import fold
from ingest.landing.items import items_of
from tests.unit.ingest_landing.landing_batches import batch_of, event


def documents() -> list[Document]:
    late_start = event("b", kind="session_start", user_id="anonymous")
    late_start.device.os = "iOS"
    start = event("a", kind="session_start")
    start.device.device_type = DeviceType.DEVICE_TYPE_MOBILE
    start.device.user_agent = "Mozilla/5.0"
    identify = event("m", kind="identify")
    identify.identify.user_id = "ann"
    identify.identify.traits["plan"] = "pro"
    end, later_end = event("y", kind="session_end"), event("z", kind="session_end")
    later_end.session_end.page_count = 3
    sent = [late_start, start, identify, end, later_end]
    return [item.document() for item in items_of([batch_of("project", "batch", sent)])]


def test_every_order_and_repetition_gives_the_same_summary() -> None:
    expected = fold(None, documents())
    for order in permutations(documents()):
        summary = None
        for one in (*order, order[0]):
            summary = fold(summary, [one])
        assert summary == expected


def test_the_first_start_the_last_end_and_the_last_user_count() -> None:
    late_start, start, identify, _, later_end = documents()
    summary = fold(None, documents())
    assert summary["startedAt"] == start["timestamp"] < late_start["timestamp"]
    assert summary["endedAt"] == later_end["timestamp"]
    assert summary["durationMs"] == ord("z") - ord("a")
    assert summary["userId"] == "ann"
    assert (summary["device"], summary["userAgent"]) == ("mobile", "Mozilla/5.0")
    assert summary["meta"]["end"]["pageCount"] == 3
    assert summary["meta"]["identify"]["eventId"] == identify["eventId"]


def test_what_has_not_come_is_null() -> None:
    (start,) = [one for one in documents() if one["type"] == "session_start"][:1]
    summary = fold(None, [start])
    assert summary["endedAt"] is summary["durationMs"] is summary["ip"] is None
