"""Whatever stands in an SDK's request: it is refused, or its events are; the door never fails."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from ingest.decode.envelope import Envelope
from ingest.errors import RefusalError
from ingest.judging import body_of, judge
from ingest.privacy.policy import policy_of
from tests.unit.ingest_formats.recorded import NOW, read, request
from tests.unit.ingest_formats.sdk_traffic import TELL, broken, visits


def _envelopes(seed: int) -> Iterator[Envelope]:
    random = Random(seed)
    for call in visits(random, NOW - 10_000_000, len(TELL)):
        try:
            yield read(request(call.path, broken(call.body, random)))
        except RefusalError:
            continue


@pytest.mark.parametrize("seed", range(10))
def test_odd_values_cost_their_event_or_their_request_and_nothing_else(seed: int) -> None:
    kept = 0
    for envelope in _envelopes(seed):
        judged = judge(envelope, NOW, 0, policy_of(b""), is_backfill=True)
        assert judged.received == len(envelope.events)
        body_of(replace(envelope), judged, 0, None, "")
        kept += len(judged.events)
    assert kept > 20
