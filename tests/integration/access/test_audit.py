"""Who changed keys, grants, settings and rules, and asked for erasures, is in audit_logs."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from hxi.admin import access, projects
from tests.integration.access.two_projects import TwoProjects

Connection = psycopg.Connection[Any]
Logged = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def logged(owner: Connection) -> Callable[[], Logged]:
    """Actions and details since the test began, oldest first."""
    ((begun,),) = owner.execute("SELECT clock_timestamp()").fetchall()

    def read() -> Logged:
        return owner.execute(
            "SELECT action, details FROM traceflow.audit_logs WHERE created_at >= %s"
            " ORDER BY created_at, ctid",
            (begun,),
        ).fetchall()

    return read


def test_a_key_is_logged_when_it_is_made_and_revoked_and_never_with_its_hash(
    two: TwoProjects, owner: Connection, logged: Callable[[], Logged]
) -> None:
    key = projects.add_key(owner, two.ours.project)
    owner.execute("UPDATE gosight.api_keys SET last_used_at = now(), request_count = 9")
    projects.revoke(owner, key[:12])
    (made, gone) = logged()
    assert (made[0], made[1]["login"]) == ("api_key_created", "hxi")
    assert made[1]["after"]["key_prefix"] == key[:12]
    assert gone == (
        "api_key_changed",
        {"login": "hxi", "before": {"is_active": True}, "after": {"is_active": False}},
    )
    assert projects.hash_key(key) not in str(made)


def test_settings_members_grants_mutes_and_roles_are_logged(
    two: TwoProjects, owner: Connection, logged: Callable[[], Logged]
) -> None:
    project, login = two.ours.project, f"bi_{uuid4().hex}"
    projects.allow_domains(owner, project, ["shop.example"])
    ((user,),) = owner.execute(
        "INSERT INTO gosight.users (email, password_hash) VALUES (%s, '-') RETURNING id",
        (f"{uuid4()}@shop.test",),
    ).fetchall()
    owner.execute("INSERT INTO gosight.project_members VALUES (%s, %s, 'admin')", (project, user))
    owner.execute("INSERT INTO traceflow.user_roles VALUES (%s, 'admin')", (user,))
    access.grant(owner, login, [project])
    access.drop(owner, login)
    ((rule,),) = owner.execute(
        "INSERT INTO gosight.alert_rules (project_id, name, condition_type, condition, channels)"
        " VALUES (%s, 'r', 'absence', '{}', '[{\"secret\": \"s3cret\"}]') RETURNING id",
        (project,),
    ).fetchall()
    owner.execute(
        "UPDATE gosight.alert_rules SET muted_until = '2100-01-01' WHERE id = %s", (rule,)
    )
    owner.execute("UPDATE gosight.alert_rules SET last_triggered = now() WHERE id = %s", (rule,))
    owner.execute("DELETE FROM gosight.users WHERE id = %s", (user,))
    found = logged()
    assert [action for action, _ in found] == [
        *("project_changed", "project_member_created", "user_role_created"),
        *("bi_grant_created", "bi_grant_deleted", "alert_rule_created", "alert_rule_changed"),
        *("project_member_deleted", "user_role_deleted"),
    ]
    assert found[0][1]["after"] == {"allowed_domains": ["shop.example"]}
    assert found[6][1]["after"].keys() == {"muted_until"}
    assert "s3cret" not in str(found)


def test_an_erasure_is_logged_without_whom_it_is_about(
    two: TwoProjects, owner: Connection, logged: Callable[[], Logged]
) -> None:
    with owner.transaction(force_rollback=True):
        ((request,),) = owner.execute(
            "INSERT INTO ops.erasure_requests (project_id, user_id) VALUES (%s, 'jane@home')"
            " RETURNING request_id",
            (two.ours.project,),
        ).fetchall()
        owner.execute(
            "UPDATE ops.erasure_requests SET done_at = now(), user_id = NULL, sessions = 2"
            " WHERE request_id = %s",
            (request,),
        )
        made, done = logged()
        assert (made[0], done[0]) == ("erasure_created", "erasure_changed")
        assert done[1]["after"]["sessions"] == 2
        assert "jane@home" not in f"{made}{done}"
