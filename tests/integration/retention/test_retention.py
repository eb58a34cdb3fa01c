"""What leaves, what stays, and what comes too late; one story, seen at its turns."""

import json
from dataclasses import dataclass
from datetime import date

import pytest
from click.testing import CliRunner

from hxi.expire import expire
from tests.e2e.warehouse_rows import Rows, difference
from tests.integration.retention.retention_events import (
    DAYS,
    FIRST,
    SECOND,
    dead_click,
    recorded_visit,
    recording,
    session,
    view,
)
from tests.integration.retention.retention_story import FAR, Life, Seen

# The story is five runs and two expiries.
pytestmark = pytest.mark.timeout(1800)

DAY_GRAIN = ("gosight.sessions_daily_mv", "gosight.events_hourly_mv", "gosight.users_daily")
SESSION_GRAIN = (
    *("gosight.events", "gosight.sessions", "gosight.page_views", "gosight.journeys"),
    *("gosight.experience_scores", "intermediate.int_views", "signals.journey_steps"),
    *("hxi.sessions", "hxi.events", "hxi.journey_steps", "traceflow.traceflow_sessions"),
)


@dataclass(frozen=True)
class Story:
    """`old` is on the first day, `long` on the first and second, both sealed by the first expiry.

    `young` is on the second day and not sealed; its recording expires. `new` lands later, on the
    closed first day. `glitch` is young, too, and gets an event on the closed day.
    """

    life: Life
    built: Seen
    half_expired: Seen
    expired: Seen
    late: Seen
    full: Seen
    landed_again: int
    told: dict[str, int]
    emptied: Seen


@pytest.fixture(scope="module")
def story(life: Life) -> Story:
    """Played once."""
    before_young = life.land(
        [
            *recorded_visit("old", FIRST),
            *(view("long", FIRST), view("long", SECOND, "/b"), dead_click("long", SECOND + 9_000)),
        ]
    )
    after_young = life.land([*recorded_visit("young", SECOND), view("glitch", SECOND)])
    built = life.run()

    cut_offs = before_young, after_young, date.fromisoformat(DAYS[1])
    life.expire(*cut_offs, lives=2)  # projects' own days, then the documents of raw
    half_expired = life.look()
    expired = life.run()
    life.expire(*cut_offs)

    life.land(
        [
            *(view("old", FIRST + 5_000, "/late"), view("long", SECOND + 5_000, "/late")),
            *(view("new", FIRST, "/new"), view("new", SECOND, "/new")),
            *(view("glitch", FIRST, "/glitch"), view("glitch", SECOND + 8_000, "/fine")),
            *(view("young", SECOND + 90_000, "/on"), recording("young", SECOND + 91_000)),
        ]
    )
    late = life.run()
    landed_again = life.landed_again()
    life.path.erase((life.project, session("long")))
    full = life.run(full=True)

    answer = CliRunner().invoke(expire, ["--as-of", f"{life.now() + FAR:%Y-%m-%dT%H:%M}", "--json"])
    assert answer.exit_code == 0, answer.output
    return Story(
        life, built, half_expired, expired, late, full, landed_again,
        json.loads(answer.stdout), life.look(),
    )  # fmt: skip


def names(seen: Seen, table: str) -> set[str]:
    """Which visits have rows in a table."""
    every = ("old", "long", "young", "new", "glitch")
    return {name for name in every if seen.of(table, name)}


def test_raw_rows_and_documents_of_a_sealed_session_go_and_its_marts_stay(story: Story) -> None:
    assert story.built.raw == {"events": 10, "replay_chunks": 4}
    assert story.expired.raw == {"events": 4, "replay_chunks": 0}
    assert story.expired.documents["events"] == 4
    assert story.expired.documents["replay_chunks"] == 0
    for table in SESSION_GRAIN:
        assert story.expired.of(table, "long") == story.built.of(table, "long") != [], table


def test_sessions_leave_session_and_event_grain_when_all_their_days_are_closed(
    story: Story,
) -> None:
    for table in SESSION_GRAIN:
        assert "old" in names(story.built, table), table
        assert "old" not in names(story.expired, table), table


def test_day_grain_rows_stay(story: Story) -> None:
    for table in DAY_GRAIN:
        assert story.built.rows[table]
        assert story.expired.rows[table] == story.built.rows[table], table


def test_rows_of_closed_days_are_the_same_for_ever(story: Story) -> None:
    for seen in (story.late, story.full, story.emptied):
        for table in DAY_GRAIN:
            assert seen.on(table, DAYS[0]) == story.built.on(table, DAYS[0]) != [], table


def test_an_expiry_that_died_is_finished_by_the_next_run(story: Story) -> None:
    assert story.half_expired.raw["events"] == 4, "it died later than meant"
    assert story.half_expired.of("hxi.session_replay_chunks", "young"), "it died later than meant"
    assert story.expired.of("hxi.session_replay_chunks", "young") == []
    assert story.life.expired[0].events == 0, "it was all done"


def test_the_ledger_adds_up_all_the_way(story: Story) -> None:
    for seen in (story.built, story.expired, story.late, story.full, story.emptied):
        assert seen.ledger == []
    assert story.landed_again == 0


def test_a_recording_goes_and_what_it_showed_stays(story: Story) -> None:
    for table in ("gosight.replay_chunks", "hxi.session_replay_chunks"):
        assert names(story.built, table) == {"old", "young"}
        assert names(story.expired, table) == set(), table
    assert story.expired.of("traceflow.session_recordings", "young") == []


def test_a_session_built_again_after_its_recording_went_keeps_its_grades(story: Story) -> None:
    (grade,) = story.built.of("signals.dead_clicks", "young")
    assert "observed" in grade
    for seen in (story.late, story.full):
        assert len(seen.of("gosight.events", "young")) == 4
        assert seen.of("signals.dead_clicks", "young") == [grade]
        facts = "signals.replay_facts"
        assert seen.of(facts, "young") == story.built.of(facts, "young")


def test_late_events_of_sealed_sessions_change_nothing(story: Story) -> None:
    for table in SESSION_GRAIN:
        for name in ("old", "long"):
            assert story.late.of(table, name) == story.expired.of(table, name), table


def test_a_new_session_with_events_on_a_closed_day_is_not_built_in_part(story: Story) -> None:
    for table in SESSION_GRAIN:
        assert "new" not in names(story.late, table), table


def test_a_session_that_was_built_before_goes_on_without_its_events_on_closed_days(
    story: Story,
) -> None:
    rows = story.late.of("gosight.events", "glitch")
    assert len(rows) == 2
    assert not any("/glitch" in row for row in rows)


def test_what_came_too_late_is_counted_also_when_it_has_left_raw(story: Story) -> None:
    assert story.expired.late.total == 0
    # Of old and long one each, of new two, of glitch one, and a payload of young.
    assert (story.late.late.waiting, story.late.late.total) == (6, 6)
    # An erasure took long's.
    assert (story.full.late.waiting, story.full.late.total) == (5, 5)
    assert (story.emptied.late.waiting, story.emptied.late.total) == (0, 5)


def test_an_erased_session_leaves_the_marts_though_it_was_sealed(story: Story) -> None:
    for table in SESSION_GRAIN:
        assert "long" in names(story.late, table), table
        assert "long" not in names(story.full, table), table


def test_a_full_refresh_leaves_the_rest_as_it_is(story: Story) -> None:
    assert difference(without_long(story.late), without_long(story.full)) == ""


def without_long(seen: Seen) -> Rows:
    """Session and event grain, and the day it was not on."""
    return {
        table: [row for row in rows if session("long") not in row]
        for table, rows in seen.rows.items()
        if any(session(name) in row for row in rows for name in ("young", "glitch", "long"))
    }


def test_in_the_end_aggregates_are_all_that_is_left(story: Story) -> None:
    assert story.told["mart_sessions"] == 2
    assert story.told["closed_days"] == 1
    assert story.emptied.raw == {"events": 0, "replay_chunks": 0}
    assert set(story.emptied.documents.values()) == {0}
    for table in SESSION_GRAIN:
        assert story.emptied.rows[table] == [], table
    assert story.emptied.rows["hxi.users"] == []
    for table in DAY_GRAIN:
        assert story.emptied.rows[table] == story.full.rows[table] != [], table
