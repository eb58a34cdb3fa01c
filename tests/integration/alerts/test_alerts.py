"""Rules over a table of their own: told once, corrected by late events, whatever dies meanwhile."""

from collections import Counter
from contextlib import closing, suppress
from dataclasses import replace
from random import Random
from uuid import uuid4

import pytest
from click.testing import CliRunner

from hxi.alert import alert
from orchestration.alerts.outbox import ATTEMPTS, Sent
from orchestration.alerts.senders import Senders, signature
from orchestration.stores.clients import short_connection
from stack.embedded import Stack
from tests.integration.alerts.alert_world import HOUR, NOON, DiedError, DyingCursor, World
from tests.integration.alerts.receivers import mail_receiver


def test_an_episode_is_told_once_and_follows_late_events(world: World) -> None:
    rule = world.rule({"type": "webhook", "url": world.hook.url, "secret": "s"})
    world.sessions(0, 2)
    world.sessions(1, 5)
    assert world.judge(hour=2).new == 1
    assert world.send().sent == 1
    assert world.history(rule) == [(1, 2, {}, 5.0, False, False)]
    (posted,) = world.hook.posted
    assert posted.body["value"] == 5.0
    assert posted.body["text"].splitlines()[0].endswith(": sessions 5 > 2")
    sent_at = int(posted.headers["X-HXI-Signature"].split("=")[1].split(",")[0])
    assert posted.headers["X-HXI-Signature"] == signature("s", sent_at, posted.raw)

    world.sessions(0, 1)  # late: the episode began earlier
    world.sessions(2, 9)
    assert world.judge(hour=4).new == 0
    assert world.history(rule) == [(0, 3, {}, 9.0, True, False)]

    world.clickhouse.command("TRUNCATE TABLE alerts_test.sessions")  # an erasure
    assert world.judge().new == 0
    assert world.history(rule) == [(0, 3, {}, 9.0, True, True)]
    assert world.send() == Sent()
    assert len(world.hook.posted) == 1


def test_groups_and_filters_have_episodes_of_their_own(world: World) -> None:
    by_path = world.rule(groupBy=["entry_path"])
    only_b = world.rule(filters={"entry_path": "/b"})
    world.sessions(1, 3, "/a")
    world.sessions(1, 4, "/b")
    assert world.judge().new == 3
    assert [entry[2:4] for entry in world.history(by_path)] == [
        ({"entry_path": "/a"}, 3.0),
        ({"entry_path": "/b"}, 4.0),
    ]
    assert [entry[3] for entry in world.history(only_b)] == [4.0]


def test_an_absence_is_told_of_a_group_that_was_seen(world: World) -> None:
    rule = world.rule(kind="absence", operator="", groupBy=["entry_path"])
    for hour in range(-8, 4):
        world.sessions(hour, 1, "/a")
    world.sessions(4, 1, "/b")
    world.judge()
    assert (4, 5, {"entry_path": "/a"}) in [entry[:3] for entry in world.history(rule)]


def test_an_anomaly_is_told_against_the_weeks_before(world: World) -> None:
    rule = world.rule(kind="anomaly", operator=">")
    for week in range(1, 7):
        world.sessions(1 - week * 7 * 24, 3)
        world.sessions(2 - week * 7 * 24, 3)
    world.sessions(1, 3)
    world.sessions(2, 30)
    world.judge()
    assert [entry[:4] for entry in world.history(rule)] == [(2, 3, {}, 30.0)]


def test_a_rule_that_cannot_be_judged_is_named_and_stops_no_other(world: World) -> None:
    broken = world.rule()
    world.postgres.execute(
        'UPDATE gosight.alert_rules SET condition = \'{"metric": "x"}\' WHERE id = %s', (broken,)
    )
    rule = world.rule()
    world.sessions(1, 3)
    judged = world.judge()
    assert len(judged.problems) == 1
    assert "metric 'x' is none of" in judged.problems[0]
    assert len(world.history(rule)) == 1


def test_a_muted_rule_keeps_its_history_and_sends_nothing(world: World) -> None:
    rule = world.rule({"type": "webhook", "url": world.hook.url})
    world.postgres.execute("UPDATE gosight.alert_rules SET muted_until = now() + interval '1 day'")
    world.sessions(1, 3)
    assert world.judge().new == 1
    assert world.send() == Sent()
    assert len(world.history(rule)) == 1


def test_failures_are_tried_again_and_refusals_are_not(world: World) -> None:
    rule = world.rule({"type": "webhook", "url": f"{world.hook.url}/hook"})
    world.sessions(1, 3)
    world.judge()
    world.hook.answers = [503, 429, 0]
    assert [world.send().waiting for _ in range(3)] == [1, 1, 1]
    assert _notified(world, rule) == (False, "127.0.0.1 did not answer")
    assert world.send().sent == 1
    assert _notified(world, rule) == (True, "")
    assert len({posted.headers["Idempotency-Key"] for posted in world.hook.posted}) == 1

    gone = world.rule({"type": "slack", "url": f"{world.hook.url}/gone"})
    moved = world.rule({"type": "slack", "url": f"{world.hook.url}/moved"})
    world.judge()
    world.hook.answers = [410, 302]
    assert world.send().failed == 2
    # Which of the two is sent first is nobody's promise.
    assert {_notified(world, gone), _notified(world, moved)} == {
        (False, "127.0.0.1 answered 410"),
        (False, "127.0.0.1 answered 302"),
    }

    for_ever = world.rule({"type": "webhook", "url": f"{world.hook.url}/down"})
    world.judge()
    world.hook.answers = [500] * ATTEMPTS
    ended = [world.send() for _ in range(ATTEMPTS + 1)]
    assert [(one.waiting, one.failed) for one in ended] == [
        *([(1, 0)] * (ATTEMPTS - 1)),
        (0, 1),
        (0, 0),
    ]
    assert _notified(world, for_ever) == (False, "127.0.0.1 answered 500")


def _notified(world: World, rule: str) -> tuple[bool, str]:
    row = world.postgres.execute(
        "SELECT notification_sent, split_part(coalesce(notification_error, ''), ':', 1)"
        " FROM gosight.alert_history WHERE rule_id = %s",
        (rule,),
    ).fetchone()
    assert row is not None
    return (bool(row[0]), str(row[1]))


def test_a_receiver_in_a_private_network_is_refused(world: World) -> None:
    world.rule({"type": "webhook", "url": world.hook.url})
    world.sessions(1, 3)
    world.judge()
    world.senders = Senders()
    assert world.send().failed == 1
    assert world.hook.posted == []


def test_telegram_and_mail_take_it_too(world: World) -> None:
    with mail_receiver() as (url, mails):
        world.senders = replace(world.senders, smtp_url=url, mail_from="hxi@example.com")
        world.rule({"type": "telegram", "chat_id": "-12"}, {"type": "email", "to": "a@example.com"})
        world.sessions(1, 3)
        world.judge()
        assert world.send().sent == 2
    (posted,) = world.hook.posted
    assert posted.path == "/botT/sendMessage"
    assert posted.body["chat_id"] == "-12"
    (mail,) = mails
    assert "To: a@example.com" in mail
    assert "sessions 3 > 2" in mail


def test_nothing_is_told_twice_or_lost_in_200_deaths(world: World) -> None:
    """Evaluations and senders end in front of a statement drawn at random, and start again."""
    random = Random(16)
    rule = world.rule(
        {"type": "webhook", "url": f"{world.hook.url}/hook"},
        {"type": "slack", "url": f"{world.hook.url}/chat"},
        groupBy=["entry_path"],
    )
    deaths = 0
    while deaths < 200:
        world.sessions(random.randrange(5), 3, f"/{random.randrange(12)}")
        deaths += _once(world, random)
    world.judge()
    world.send()
    entries = len(world.history(rule))
    hooks = Counter(
        posted.headers["Idempotency-Key"] for posted in world.hook.posted if posted.path == "/hook"
    )
    chats = Counter(posted.body["text"] for posted in world.hook.posted if posted.path == "/chat")
    states = Counter(
        dict(
            world.postgres.execute(
                "SELECT channel->>'type' || ' ' || state, count(*)"
                " FROM ops.alert_messages GROUP BY 1"
            ).fetchall()
        )
    )
    assert entries > 12
    assert len(hooks) == states["webhook sent"] == entries
    assert states["slack sent"] + states["slack unknown"] == entries
    assert max(chats.values()) == 1
    assert states["slack sent"] <= len(chats) <= entries


def _once(world: World, random: Random) -> bool:
    """Judge and send, perhaps to the end; whether it died."""
    DyingCursor.left = random.randrange(60)
    with closing(short_connection(world.dsn)) as connection:
        connection.cursor_factory = DyingCursor
        with suppress(DiedError):
            world.judge(connection)
            world.send(connection)
            return False
    return True


def test_rules_are_kept_by_a_command(world: World, stores: Stack) -> None:
    def said(*words: str) -> str:
        result = CliRunner().invoke(
            alert, list(words), env=stores.endpoints.environment(), catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
        return result.output

    name = f"cart {uuid4().hex}"
    added = said(
        *("add", world.project, name, "--metric", "sessions", "--operator", ">"),
        *("--threshold", "2", "--group-by", "entry_path", "--channel", world.hook.url),
    ).strip()
    assert f"{name}: quiet" in said("list")
    world.postgres.execute("UPDATE gosight.alert_rules SET created_at = %s", (NOON - 9 * HOUR,))
    world.sessions(4, 3)
    world.judge()
    assert f"{name}: alarming, last" in said("list")
    assert "muted until" in said("mute", name, "--for", "8h")
    assert f"{name}: muted" in said("list")
    assert "speaks again" in said("mute", added, "--off")
    said("remove", added)
    assert name not in said("list")


@pytest.mark.usefixtures("variables")
def test_a_test_message_says_whether_it_was_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = world.rule({"type": "webhook", "url": world.hook.url})
    words = ["test", rule]
    refused = CliRunner().invoke(alert, words)
    assert "private network" in str(refused.exception)
    monkeypatch.setenv("HXI_ALERTS_ALLOW_PRIVATE", "1")
    assert CliRunner().invoke(alert, words).output == "webhook: taken\n"
    assert "a test message" in world.hook.posted[-1].body["text"]
