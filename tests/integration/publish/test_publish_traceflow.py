"""What TRACEFLOW's triggers count and whom its row security lets in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from psycopg.types.json import Jsonb


def one(connection: psycopg.Connection[Any], query: LiteralString, *values: object) -> Any:
    """The first column of the only row."""
    ((value, *_),) = connection.execute(query, values).fetchall()
    return value


def project_of(connection: psycopg.Connection[Any], member: str) -> tuple[UUID, UUID]:
    """A project with one session named `s`, and its one member."""
    project = one(
        connection,
        "INSERT INTO gosight.projects (name, slug) VALUES (%s, %s) RETURNING id",
        *(member, member),
    )
    user = one(
        connection,
        "INSERT INTO gosight.users (email, password_hash) VALUES (%s, '-') RETURNING id",
        f"{member}@shop.test",
    )
    connection.execute("INSERT INTO gosight.project_members VALUES (%s, %s)", (project, user))
    connection.execute(
        "INSERT INTO traceflow.traceflow_sessions (project_id, session_id) VALUES (%s, 's')",
        (project,),
    )
    return project, user


def add_event(connection: psycopg.Connection[Any], project: UUID, event_type: str) -> None:
    connection.execute(
        "INSERT INTO traceflow.traceflow_events (project_id, session_id, event_type)"
        " VALUES (%s, 's', %s)",
        (project, event_type),
    )


@contextmanager
def acting_as(
    connection: psycopg.Connection[Any], role: LiteralString, user: UUID | None = None
) -> Iterator[None]:
    """As a gateway does: become the role, set the claims of the token."""
    with connection.transaction(force_rollback=True):
        claims = Jsonb({"sub": str(user)} if user else {})
        connection.execute("SELECT set_config('request.jwt.claims', %s::text, true)", (claims,))
        connection.execute(f"SET LOCAL ROLE {role}")
        yield


def test_events_that_services_insert_are_counted_in_their_own_projects_session(
    served: psycopg.Connection[Any],
) -> None:
    (ours, _), (theirs, _) = project_of(served, "ours"), project_of(served, "theirs")
    for event_type in ("click", "rage_click", "dead_click", "error", "error"):
        add_event(served, ours, event_type)

    counts = served.execute(
        "SELECT project_id, event_count, rage_click_count, dead_click_count, error_count"
        " FROM traceflow.traceflow_sessions"
    ).fetchall()
    assert set(counts) == {(ours, 5, 1, 1, 2), (theirs, 0, 0, 0, 0)}


def test_triggers_stand_aside_while_publishing(served: psycopg.Connection[Any]) -> None:
    project, _ = project_of(served, "ours")
    with served.transaction():
        served.execute("SET LOCAL hxi.publishing = 'on'")
        add_event(served, project, "error")
    assert one(served, "SELECT event_count FROM traceflow.traceflow_sessions") == 0
    add_event(served, project, "error")
    assert one(served, "SELECT event_count FROM traceflow.traceflow_sessions") == 1


def test_an_updated_recording_says_when(served: psycopg.Connection[Any]) -> None:
    served.execute(
        "INSERT INTO traceflow.session_recordings (project_id, session_id, updated_at)"
        " VALUES (%s, 's', '2000-01-01')",
        (uuid4(),),
    )
    served.execute("UPDATE traceflow.session_recordings SET event_count = 1")
    query = "SELECT updated_at > '2020-01-01' FROM traceflow.session_recordings"
    assert one(served, query) is True


def test_members_see_their_own_projects_rows_only(served: psycopg.Connection[Any]) -> None:
    (ours, user), (theirs, _) = project_of(served, "ours"), project_of(served, "theirs")
    add_event(served, ours, "click")
    add_event(served, theirs, "click")
    with acting_as(served, "authenticated", user):
        for table in ("traceflow_sessions", "traceflow_events"):
            rows = served.execute(f"SELECT project_id FROM traceflow.{table}".encode())
            assert rows.fetchall() == [(ours,)]
    with acting_as(served, "authenticated"):
        assert one(served, "SELECT count(*) FROM traceflow.traceflow_sessions") == 0


def test_members_manage_their_own_projects_issues_only(
    served: psycopg.Connection[Any],
) -> None:
    (ours, user), (theirs, _) = project_of(served, "ours"), project_of(served, "theirs")
    insert = (
        "INSERT INTO traceflow.traceflow_ux_issues (project_id, issue_type) VALUES (%s, 'error')"
    )
    served.execute(insert, (theirs,))
    with acting_as(served, "authenticated", user):
        served.execute(insert, (ours,))
        changed = served.execute("UPDATE traceflow.traceflow_ux_issues SET status = 'ignored'")
        assert changed.rowcount == 1
        with pytest.raises(InsufficientPrivilege, match="row-level security"):
            served.execute(insert, (theirs,))


def test_anonymous_visitors_may_insert_recordings_and_nothing_else(
    served: psycopg.Connection[Any],
) -> None:
    project, _ = project_of(served, "ours")
    with acting_as(served, "anon"):
        served.execute(
            "INSERT INTO traceflow.session_recordings (project_id, session_id) VALUES (%s, 's')",
            (project,),
        )
    for denied in (
        b"SELECT FROM traceflow.session_recordings",
        b"UPDATE traceflow.session_recordings SET event_count = 1",
        b"SELECT FROM traceflow.traceflow_sessions",
        b"SELECT FROM traceflow.user_roles",
        b"SELECT FROM gosight.api_keys",
        b"SELECT FROM hxi.sessions",
    ):
        with acting_as(served, "anon"), pytest.raises(InsufficientPrivilege):
            served.execute(denied)


def test_recordings_are_for_admins(served: psycopg.Connection[Any]) -> None:
    project, user = project_of(served, "ours")
    served.execute(
        "INSERT INTO traceflow.session_recordings (project_id, session_id) VALUES (%s, 's')",
        (project,),
    )
    count = "SELECT count(*) FROM traceflow.session_recordings"
    with acting_as(served, "authenticated", user):
        assert one(served, count) == 0
    served.execute("INSERT INTO traceflow.user_roles VALUES (%s, 'admin')", (user,))
    with acting_as(served, "authenticated", user):
        assert one(served, count) == 1


def test_owners_and_admins_are_admins(served: psycopg.Connection[Any]) -> None:
    _, owner = project_of(served, "owner")
    _, member = project_of(served, "member")
    served.execute(
        "INSERT INTO traceflow.traceflow_subscriptions (user_id, role) VALUES (%s, 'owner')",
        (owner,),
    )
    query: LiteralString = "SELECT traceflow.is_traceflow_admin(%s)"
    assert [one(served, query, user) for user in (owner, member)] == [True, False]
    served.execute("INSERT INTO traceflow.user_roles VALUES (%s, 'admin')", (member,))
    assert one(served, query, member) is True
