"""Which windows alarm, and which belong to one episode."""

from datetime import UTC, datetime, timedelta

from orchestration.alerts.conditions import WEEK, condition_of
from orchestration.alerts.history import Stored, match
from orchestration.alerts.judging import Episode, alarming, episodes
from orchestration.alerts.windows import starts

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + hours * HOUR


def test_a_count_of_nothing_is_zero_and_an_average_of_nothing_is_none() -> None:
    below = {"operator": "<", "threshold": 5, "window": "1h"}
    count = condition_of("threshold", {**below, "metric": "sessions"})
    rate = condition_of("threshold", {**below, "metric": "bounce_rate"})
    assert [one.value for one in alarming(count, {}, [NOON])] == [0.0]
    assert alarming(rate, {}, [NOON]) == []


def test_an_absence_is_a_window_without_rows() -> None:
    condition = condition_of("absence", {"metric": "sessions", "window": "1h"})
    assert [one.start for one in alarming(condition, {at(0): 3}, [at(0), at(1)])] == [at(1)]


def test_an_anomaly_is_held_against_the_same_hour_of_the_weeks_before() -> None:
    condition = condition_of("anomaly", {"metric": "sessions", "window": "1h", "operator": ">"})
    usual = {NOON - number * WEEK: 100.0 + number for number in range(1, 9)}
    other_hours = {at(-number): 900.0 for number in range(1, 9)}
    for value, is_told in ((107.0, False), (190.0, True), (1.0, False)):
        found = alarming(condition, {**usual, **other_hours, NOON: value}, [NOON])
        assert bool(found) == is_told, value
    either = condition_of("anomaly", {"metric": "sessions", "window": "1h"})
    assert alarming(either, {**usual, NOON: 1.0}, [NOON])


def test_too_few_weeks_say_nothing_of_what_is_usual() -> None:
    condition = condition_of("anomaly", {"metric": "sessions", "window": "1h"})
    usual = {NOON - number * WEEK: 100.0 for number in range(1, 4)}
    assert alarming(condition, {**usual, NOON: 900.0}, [NOON]) == []
    assert alarming(condition, {**usual, NOON - 4 * WEEK: 100.0, NOON: 900.0}, [NOON])


def test_windows_within_the_cooldown_are_one_episode_with_its_worst_value() -> None:
    condition = condition_of(
        "threshold", {"metric": "sessions", "operator": ">", "threshold": 5, "window": "1h"}
    )
    values = {at(0): 6.0, at(1): 9.0, at(3): 7.0, at(6): 8.0}
    found = alarming(condition, values, [at(number) for number in range(8)])
    assert episodes(found, HOUR, HOUR) == [
        Episode(at(0), at(4), 9.0, 5.0),
        Episode(at(6), at(7), 8.0, 5.0),
    ]
    assert len(episodes(found, HOUR, timedelta(0))) == 3


def test_windows_lie_end_to_end_and_are_judged_when_they_are_over() -> None:
    assert starts(HOUR, since=at(0.5), as_of=at(3.5)) == [at(0), at(1), at(2)]
    assert starts(HOUR, since=at(0.5), as_of=at(0.9)) == []
    assert starts(HOUR, since=at(-100), as_of=at(0))[0] == at(-24)


def test_an_episode_that_goes_on_keeps_its_entry_and_one_without_reason_is_corrected() -> None:
    entry, gone = Stored("a", at(0), at(1), 6.0, 5.0), Stored("b", at(8), at(9), 6.0, 5.0)
    longer, new = Episode(at(0), at(3), 9.0, 5.0), Episode(at(5), at(6), 7.0, 5.0)
    found = match([entry, gone], [longer, new], HOUR, at(-1))
    assert found.new == (new,)
    assert found.known == (("a", longer),)
    assert found.corrected == ("b",)


def test_what_was_seen_of_windows_that_are_not_judged_again_stays() -> None:
    entry = Stored("a", at(0), at(4), 9.0, 5.0)
    rest = Episode(at(3), at(5), 6.0, 5.0)
    found = match([entry], [rest], HOUR, since=at(3))
    assert found.known == (("a", Episode(at(0), at(5), 9.0, 5.0)),)
    assert match([entry], [], HOUR, since=at(3)).corrected == ()
