"""The plan holds: a slow, literal reading of the rules finds what was planned and no more."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from simulate import Plan, SessionTruth, Truth, generate
from simulate.people import CAMPAIGNS, REFERRERS
from simulate.planned import Recording
from tests.unit.simulate.literal_readings import (
    READINGS,
    at,
    cleaned,
    frames,
    graded,
    left_clicks,
    name,
    read,
    without_dirt,
)

END = datetime(2026, 3, 9, tzinfo=UTC)
CHANNELS = {channel for channel, _ in REFERRERS.values()} | {*CAMPAIGNS.values()}


@pytest.fixture(scope="module")
def played() -> tuple[dict[str, list[Event]], dict[str, SessionTruth]]:
    """4,000 sessions: their events in the order of the rules, and the plan."""
    truths: dict[str, SessionTruth] = {}
    sessions: dict[str, list[Event]] = defaultdict(list)
    truth = Truth(lambda session: truths.update({session.session_id: session}))
    plan = Plan(4_000, days=5, seed=11, end=END)
    batches: Iterator[EventBatch] = generate(plan, truth)
    for batch in batches:
        for event in batch.events:
            sessions[event.session_id].append(event)
    for session_id, events in sessions.items():
        events.sort(key=lambda e: (at(e), e.event_id))
        sessions[session_id] = without_dirt(events)
    return sessions, truths


@pytest.mark.parametrize("kind", READINGS)
def test_a_literal_reading_of_the_rule_finds_the_planned_rows_and_no_others(
    played: tuple[dict[str, list[Event]], dict[str, SessionTruth]], kind: str
) -> None:
    sessions, truths = played
    total = 0
    for session_id, events in sessions.items():
        planned = Counter(
            (row.path, row.at, row.selector, row.count)
            for row in truths[session_id].insights
            if row.kind == kind
        )
        assert read(events, kind) == planned, f"{kind} in {session_id}"
        total += planned.total()
    assert total > 20, f"hardly any {kind} was planned, so this proves nothing"


def test_dead_clicks_are_graded_as_their_recordings_prove(
    played: tuple[dict[str, list[Event]], dict[str, SessionTruth]],
) -> None:
    sessions, truths = played
    grades: Counter[str] = Counter()
    for session_id, truth in truths.items():
        planned = [row for row in truth.insights if row.kind == "dead_click"]
        assert graded(sessions[session_id]) == Counter(
            (row.path, row.at, row.selector, row.grade) for row in planned
        )
        grades.update(row.grade for row in planned)
    assert min(grades["observed"], grades["inferred"]) > 15


def test_what_a_recording_is_planned_to_hold_is_what_is_sent(
    played: tuple[dict[str, list[Event]], dict[str, SessionTruth]],
) -> None:
    sessions, truths = played
    forms = set()
    for session_id, truth in truths.items():
        payloads = [event for event in sessions[session_id] if name(event) == "replay"]
        times = [when for when, _, _ in frames(payloads)]
        sent = Recording(len(payloads), len(times), min(times), max(times)) if times else None
        assert sent == truth.recording
        forms |= {event.replay.data[:1] for event in payloads}
    assert forms == {b"\x1f", b"[", b"{"}, "gzip, arrays and single frames are all there"
    assert 300 < sum(truth.recording is not None for truth in truths.values()) < 500


def test_recordings_change_no_other_event() -> None:
    def sent(recorded: float) -> set[bytes]:
        return {
            event.SerializeToString(deterministic=True)
            for batch in generate(Plan(200, days=2, seed=4, end=END, recorded=recorded))
            for event in batch.events
            if name(event) != "replay"
        }

    assert sent(0) == sent(0.5)


def test_a_click_is_charged_once_and_to_the_gravest_signal(
    played: tuple[dict[str, list[Event]], dict[str, SessionTruth]],
) -> None:
    rank = {"rage_click": 0, "error_click": 1, "dead_click": 2}
    sessions, truths = played
    clashes = 0
    for session_id, truth in truths.items():
        bursts: list[tuple[str, int, int]] = []
        for row in truth.insights:
            if row.kind == "rage_click":
                times = [
                    at(c)
                    for c in left_clicks(sessions[session_id])
                    if c.click.target.selector == row.selector
                ]
                later = [t for t in times if t >= row.at]
                bursts.append((row.selector, row.at, later[row.count - 1]))
        claims: dict[tuple[str, int], list[tuple[int, bool]]] = defaultdict(list)
        for row in truth.insights:
            if row.kind not in rank:
                continue
            owner = next(
                (b for b in bursts if b[0] == row.selector and b[1] <= row.at <= b[2]), None
            )
            key = (row.selector, owner[1] if owner else row.at)
            claims[key].append((rank[row.kind], row.charged))
        for rows in claims.values():
            clashes += len(rows) > 1
            gravest = min(rows)[0]
            assert all(charged == (level == gravest) for level, charged in rows)
    assert clashes > 20


def test_near_misses_are_in_the_traffic(
    played: tuple[dict[str, list[Event]], dict[str, SessionTruth]],
) -> None:
    sessions, _ = played
    gaps: Counter[str] = Counter()
    for events in sessions.values():
        clicks = left_clicks(events)
        for one, two in pairwise(clicks):
            gaps["gap 1001"] += at(two) - at(one) == 1_001
            gaps["gap 1000"] += at(two) - at(one) == 1_000
        for event in clicks:
            later = {name(e): at(e) - at(event) for e in reversed(events) if at(e) > at(event)}
            gaps["answer 2500"] += later.get("scroll") == 2_500
            gaps["silence 2501"] += later.get("scroll") == 2_501
            gaps["error 1000"] += later.get("js_error") == 1_000
            gaps["error 1001"] += later.get("js_error") == 1_001
    for kind in ("gap 1001", "gap 1000", "answer 2500", "silence 2501", "error 1000", "error 1001"):
        assert gaps[kind] > 2, kind


def test_every_kind_of_dirt_is_there(
    played: tuple[dict[str, list[Event]], dict[str, SessionTruth]],
) -> None:
    sessions, truths = played
    planned = [truth.as_dict() for truth in truths.values()]
    kinds = Counter(one["bot"] for one in planned) + Counter(one["channel"] for one in planned)
    kinds["overlong"] = sum(one["is_overlong"] for one in planned)
    kinds["aborted"] = sum(call["is_aborted"] for one in planned for call in one["calls"])
    kinds["failed"] = sum(
        not call["is_aborted"] and call["status"] == 0 for one in planned for call in one["calls"]
    )
    for name_of_sum in ("doubled", "implausible"):
        kinds[name_of_sum] = sum(one[name_of_sum] for one in planned)
    sent = [event for events in sessions.values() for event in events]
    kinds["encoded"] = sum("%6f" in e.page.url or "%6F" in e.page.url for e in sent)
    kinds["routed"] = sum("#/" in cleaned(e) for e in sent)
    kinds["no text"] = sum("�" in text for truth in truths.values() for text in truth.utm.values())
    kinds["with NUL"] = sum("\0" in e.user_id for e in sent)
    assert min(kinds.values()) > 10, kinds
    assert {"user_agent", "webdriver", *CHANNELS} <= kinds.keys()
