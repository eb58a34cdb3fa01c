"""Whatever stands in an SDK's request: it is refused, or its events are; the door never fails."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from ingest.decode.envelope import Envelope
from ingest.errors import RefusalError
from ingest.judging import body_of, judge
from ingest.privacy.policy import policy_of
from tests.unit.ingest_formats.recorded import NOW, read, request
from tests.unit.ingest_formats.sdk_traffic import TELL, visits

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 1e308, float("nan"), 2**70, "", "\0", "\ud83d", "9" * 400),
    *([], [[]], [None], {}, {"a": {}}, {"$a.b": [1]}, "2026-99-99", "1280x", "//[", "iglu:"),
)


def _broken(value: Any, random: Random) -> Any:
    """With odd values, or none, in a few places however deep."""
    if random.random() < 0.03:
        return random.choice(ODD)
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if random.random() < 0.98}
        return {name: _broken(one, random) for name, one in kept.items()}
    return [_broken(one, random) for one in value] if isinstance(value, list) else value


def _envelopes(seed: int) -> Iterator[Envelope]:
    random = Random(seed)
    for call in visits(random, NOW - 10_000_000, len(TELL)):
        try:
            yield read(request(call.path, _broken(call.body, random)))
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
