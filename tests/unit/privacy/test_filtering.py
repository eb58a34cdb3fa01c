"""Which events a project does not want: switches, blocked pages, samples of whole sessions."""

from uuid import UUID

import pytest
from gosight.common_pb2 import PageContext
from gosight.events_pb2 import Event
from hypothesis import given
from hypothesis import strategies as st

from ingest.privacy.filtering import filtered, is_sampled
from ingest.privacy.policy import Policy, policy_of

SESSION = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
# What gosight.projects.settings begins with.
DOCUMENTED = b"""{"events": {"session": true, "network": false, "media": false},
    "privacy": {"maskAllInputs": true, "blockUrls": []}, "sampling": {"sessionSampleRate": 100}}"""


def event(kind: str, url: str = "") -> Event:
    return Event(session_id=SESSION, event_type=f"EVENT_TYPE_{kind}", page=PageContext(url=url))


@pytest.mark.parametrize("policy", [Policy(), policy_of(b""), policy_of(DOCUMENTED)])
@pytest.mark.parametrize("kind", ["CLICK", "FETCH_REQUEST", "MEDIA_PLAY", "REPLAY", "CUSTOM"])
def test_nothing_is_filtered_that_nobody_turned_off(policy: Policy, kind: str) -> None:
    assert filtered(event(kind), policy) is None


def test_a_group_that_was_turned_off_is_not_kept() -> None:
    policy = policy_of(b'{"events": {"mouse": false}, "eventsOff": ["network"]}')
    assert filtered(event("CLICK"), policy) == "switched_off"
    assert filtered(event("FETCH_REQUEST"), policy) == "switched_off"
    assert filtered(event("SCROLL"), policy) is None


@pytest.mark.parametrize(
    ("pattern", "url", "is_blocked"),
    [
        ("/admin", "https://x.example/admin/users", True),
        ("https://x.example/a*", "https://x.example/admin", True),
        ("https://x.example/a*", "https://y.example/?u=https://x.example/a", False),
        ("/admin", "https://x.example/shop", False),
        ("a.b", "https://x.example/aXb", False),
    ],
)
def test_pages_that_are_blocked_are_not_kept(pattern: str, url: str, is_blocked: bool) -> None:
    policy = policy_of(b'{"privacy": {"blockUrls": ["%s"]}}' % pattern.encode())
    assert (filtered(event("CLICK", url), policy) == "blocked_url") is is_blocked


@given(st.uuids(), st.floats(0, 100), st.floats(0, 100))
def test_a_session_is_sampled_whole_and_stays_when_the_rate_rises(
    session: UUID, rate: float, other: float
) -> None:
    low, high = sorted((rate, other))
    assert is_sampled(str(session), "", low) is is_sampled(session.hex.upper(), "", low)
    assert is_sampled(str(session), "", high) or not is_sampled(str(session), "", low)


def test_rates_are_what_they_say() -> None:
    ids = [str(UUID(int=n)) for n in range(10_000)]
    kept = sum(is_sampled(one, "", 25) for one in ids)
    assert 2_300 < kept < 2_700
    assert not any(is_sampled(one, "", 0) for one in ids)
    assert all(is_sampled(one, "", 100) for one in ids)


def test_recordings_are_sampled_apart_from_sessions() -> None:
    policy = policy_of(b'{"sampling": {"replaySampleRate": 0}}')
    assert filtered(event("REPLAY"), policy) == "replay_not_sampled"
    assert filtered(event("CLICK"), policy) is None


@pytest.mark.parametrize(
    "settings", [b"[]", b'{"privacy": 3}', b'{"sampling": {"sessionSampleRate": "x"}}']
)
def test_settings_that_cannot_be_used_count_as_unset(settings: bytes) -> None:
    assert policy_of(settings) == Policy()
