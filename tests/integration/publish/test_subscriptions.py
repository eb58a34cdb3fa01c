"""What subscriptions count, and what is allowed beyond their limits; features that are off."""

from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, InvalidParameterValue

from tests.integration.publish.test_publish_traceflow import acting_as, one

Connection = psycopg.Connection[Any]
WITHIN: LiteralString = "SELECT traceflow.check_subscription_limit(%s, %s)"
HAS: LiteralString = "SELECT traceflow.has_feature(%s, %s)"


def owner_of(connection: Connection, *slugs: str) -> tuple[UUID, list[UUID]]:
    """An account and the projects it owns."""
    user = one(
        connection,
        "INSERT INTO gosight.users (email, password_hash) VALUES (%s, '-') RETURNING id",
        f"{slugs[0]}@shop.test",
    )
    projects = [
        one(
            connection,
            "INSERT INTO gosight.projects (name, slug) VALUES (%s, %s) RETURNING id",
            *(slug, slug),
        )
        for slug in slugs
    ]
    for project in projects:
        connection.execute(
            "INSERT INTO gosight.project_members VALUES (%s, %s, 'owner')", (project, user)
        )
    return user, projects


def subscribe(connection: Connection, user: UUID, **columns: object) -> None:
    names = "".join(f", {name}" for name in columns)
    places = ", %s" * len(columns)
    connection.execute(
        f"INSERT INTO traceflow.traceflow_subscriptions (user_id{names})"
        f" VALUES (%s{places})".encode(),
        (user, *columns.values()),
    )


def meet(
    connection: Connection, project: UUID, session: str, at: str, *, bot: bool = False
) -> None:
    connection.execute(
        "INSERT INTO traceflow.traceflow_sessions (project_id, session_id, started_at, is_excluded)"
        " VALUES (%s, %s, now() + %s::interval, %s)",
        (project, session, at, bot),
    )


def record(connection: Connection, project: UUID, session: str, at: str) -> None:
    connection.execute(
        "INSERT INTO traceflow.session_recordings (project_id, session_id, start_time)"
        " VALUES (%s, %s, now() + %s::interval)",
        (project, session, at),
    )


def used(connection: Connection, user: UUID) -> tuple[int, int]:
    connection.execute("SELECT traceflow.count_usage()")
    ((sessions, recordings),) = connection.execute(
        "SELECT sessions_used, recordings_used FROM traceflow.traceflow_subscriptions"
        " WHERE user_id = %s",
        (user,),
    ).fetchall()
    return sessions, recordings


def test_sessions_and_recordings_of_the_period_count_in_every_project_that_is_owned(
    served: Connection,
) -> None:
    user, (shop, app) = owner_of(served, "shop", "app")
    _, (foreign,) = owner_of(served, "foreign")
    served.execute("INSERT INTO gosight.project_members VALUES (%s, %s)", (foreign, user))
    for project, session, at in (
        (shop, "today", "-1 minute"),
        (shop, "first", "-10 days"),
        (shop, "before", "-11 days"),
        (app, "other", "-2 days"),
        (foreign, "theirs", "-2 days"),
    ):
        meet(served, project, session, at)
        record(served, project, session, at)
    meet(served, shop, "bot", "-1 day", bot=True)
    subscribe(served, user)
    served.execute(
        "UPDATE traceflow.traceflow_subscriptions SET"
        " current_period_start = now() - interval '10 days 1 hour',"
        " current_period_end = now() + interval '20 days'"
    )
    assert used(served, user) == (3, 3)


def test_an_expired_recording_stays_counted_and_one_that_is_taken_back_does_not(
    served: Connection,
) -> None:
    user, (shop,) = owner_of(served, "shop")
    subscribe(served, user, current_period_start="yesterday", current_period_end="tomorrow")
    for session in ("expired", "erased", "kept"):
        meet(served, shop, session, "-1 minute")
        record(served, shop, session, "-1 minute")
    assert used(served, user) == (3, 3)
    delete = "DELETE FROM traceflow.session_recordings WHERE session_id = %s"
    with served.transaction():
        served.execute("SET LOCAL hxi.expiring = 'on'")
        served.execute(delete, ("expired",))
    served.execute(delete, ("erased",))
    assert used(served, user) == (3, 2)
    served.execute("DELETE FROM traceflow.traceflow_sessions WHERE session_id = 'expired'")
    assert used(served, user) == (2, 1)


@pytest.mark.parametrize(
    ("cycle", "ago", "begins_ago"),
    [("monthly", "2 months 3 days", "3 days"), ("annual", "1 year 2 months", "2 months")],
)
def test_a_period_that_is_over_is_followed_by_the_next_and_counts_anew(
    served: Connection, cycle: str, ago: str, begins_ago: str
) -> None:
    user, (shop,) = owner_of(served, "shop")
    meet(served, shop, "old", "-61 days" if cycle == "monthly" else "-400 days")
    meet(served, shop, "new", "-1 day")
    subscribe(served, user, billing_cycle=cycle, ai_credits_used=7)
    served.execute(
        "UPDATE traceflow.traceflow_subscriptions SET"
        " current_period_start = date_trunc('day', now()) - %s::interval,"
        " current_period_end = now() - interval '1 second'",
        (ago,),
    )
    assert used(served, user)[0] == 1
    ((starts, is_now, ai_credits),) = served.execute(
        "SELECT current_period_start - (date_trunc('day', now()) - %s::interval),"
        " now() BETWEEN current_period_start AND current_period_end, ai_credits_used"
        " FROM traceflow.traceflow_subscriptions",
        (begins_ago,),
    ).fetchall()
    assert abs(starts.days) <= 3, "months have 28 to 31 days"
    assert (is_now, ai_credits) == (True, 0)


def test_a_period_that_began_at_a_months_end_goes_on_there_whoever_counts(
    served: Connection,
) -> None:
    """28 February was the end of a month, not its 28th day; New York's months are not counted."""
    user, _ = owner_of(served, "shop")
    subscribe(served, user)
    served.execute("SET timezone = 'America/New_York'")
    served.execute(
        "UPDATE traceflow.traceflow_subscriptions SET"
        " current_period_start = '2026-02-28Z', current_period_end = '2026-03-31Z'"
    )
    served.execute("SET timezone = 'UTC'")
    ((first, last),) = served.execute(
        "SELECT current_period_start, current_period_end FROM traceflow.traceflow_subscriptions"
    ).fetchall()
    for day in (first, last):
        assert (day + timedelta(days=1)).day == 1, day
        assert (day.hour, day.minute) == (0, 0)
    assert timedelta(days=28) <= last - first <= timedelta(days=31)


def test_a_payment_provider_moves_its_periods_itself(served: Connection) -> None:
    user, (shop,) = owner_of(served, "shop")
    meet(served, shop, "in", "-3 days")
    meet(served, shop, "after", "-1 day")
    subscribe(served, user, stripe_subscription_id="sub_1")
    served.execute(
        "UPDATE traceflow.traceflow_subscriptions SET current_period_start = now() - interval"
        " '1 month', current_period_end = now() - interval '2 days'"
    )
    assert used(served, user)[0] == 1


def test_more_than_the_limit_is_counted_and_the_next_one_is_not_within_the_plan(
    served: Connection,
) -> None:
    user, (shop,) = owner_of(served, "shop")
    assert one(served, WITHIN, user, "recordings") is True, "without a subscription nothing limits"
    subscribe(served, user, recordings_limit=2, sessions_limit=None, ai_credits_limit=0)
    for number in range(3):
        assert one(served, WITHIN, user, "recordings") is (number < 2)
        record(served, shop, str(number), "0")
    usage = served.execute(
        "SELECT what, used, allowed, over FROM traceflow.subscription_usage(%s)", (user,)
    ).fetchall()
    assert {*usage} == {
        ("recordings", 3, 2, 1),
        ("sessions", 0, None, 0),
        ("ai_credits", 0, 0, 0),
    }
    assert one(served, "SELECT count(*) FROM traceflow.session_recordings") == 3
    assert [one(served, WITHIN, user, what) for what in ("sessions", "ai_credits")] == [True, False]
    served.execute("UPDATE traceflow.traceflow_subscriptions SET status = 'cancelled'")
    assert one(served, WITHIN, user, "sessions") is False
    with pytest.raises(InvalidParameterValue, match="no limit is called seats"):
        served.execute(WITHIN, (user, "seats"))


def test_a_feature_is_had_unless_it_is_off_over_or_used_up(served: Connection) -> None:
    user, _ = owner_of(served, "shop")
    served.execute(
        "INSERT INTO traceflow.traceflow_user_features"
        " (user_id, feature_id, enabled, expires_at, usage_limit, current_usage)"
        " SELECT %s, * FROM (VALUES ('on', true, now() + interval '1 day', 2, 1),"
        " ('off', false, NULL, NULL, 0), ('over', true, now() - interval '1 day', NULL, 0),"
        " ('used up', true, NULL, 2, 2)) AS given",
        (user,),
    )
    names = ("on", "off", "over", "used up", "never named")
    assert [one(served, HAS, user, name) for name in names] == [True, False, False, False, True]
    subscribe(served, user, status="trial", trial_ends_at="yesterday")
    assert one(served, HAS, user, "on") is False


def test_used_features_are_counted_from_the_subscription(served: Connection) -> None:
    user, (shop,) = owner_of(served, "shop")
    served.execute(
        "INSERT INTO traceflow.traceflow_user_features (user_id, feature_id, usage_limit)"
        " SELECT %s, unnest(ARRAY['session_replay', 'heatmaps', 'ai_analysis']), 1",
        (user,),
    )
    subscribe(served, user)
    record(served, shop, "one", "0")
    used(served, user)
    found = served.execute(
        "SELECT feature_id, current_usage FROM traceflow.traceflow_user_features ORDER BY 1"
    ).fetchall()
    assert found == [("ai_analysis", 0), ("heatmaps", 0), ("session_replay", 1)]
    served.execute("UPDATE traceflow.traceflow_subscriptions SET ai_credits_used = 1")
    assert one(served, HAS, user, "ai_analysis") is False, "at once"


def test_users_see_their_own_subscription_features_and_usage_and_nobody_elses(
    served: Connection,
) -> None:
    (ours, _), (theirs, _) = owner_of(served, "ours"), owner_of(served, "theirs")
    for user in (ours, theirs):
        subscribe(served, user)
        served.execute(
            "INSERT INTO traceflow.traceflow_user_features (user_id, feature_id) VALUES (%s, 'x')",
            (user,),
        )
    with acting_as(served, "authenticated", ours):
        for table in ("traceflow_subscriptions", "traceflow_user_features"):
            rows = served.execute(f"SELECT user_id FROM traceflow.{table}".encode())
            assert rows.fetchall() == [(ours,)]
        query: LiteralString = "SELECT count(*) FROM traceflow.subscription_usage(%s)"
        assert [one(served, query, user) for user in (ours, theirs)] == [3, 0]
        with pytest.raises(InsufficientPrivilege), served.transaction():
            served.execute("UPDATE traceflow.traceflow_user_features SET enabled = true")


def test_replays_that_are_switched_off_are_shown_to_nobody_of_that_account(
    served: Connection,
) -> None:
    user, (shop,) = owner_of(served, "shop")
    served.execute("INSERT INTO traceflow.user_roles VALUES (%s, 'admin')", (user,))
    record(served, shop, "one", "0")
    count: LiteralString = "SELECT count(*) FROM traceflow.session_recordings"
    with acting_as(served, "authenticated", user):
        assert one(served, count) == 1
    served.execute(
        "INSERT INTO traceflow.traceflow_user_features (user_id, feature_id, enabled)"
        " VALUES (%s, 'session_replay', false)",
        (user,),
    )
    with acting_as(served, "authenticated", user):
        assert one(served, count) == 0
