"""When an issue was resolved, and by whom, follow its status, whoever sets it."""

from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.errors import InvalidParameterValue

from tests.integration.publish.test_publish_traceflow import acting_as, one, project_of

ADD: LiteralString = (
    "INSERT INTO traceflow.traceflow_ux_issues (project_id, issue_type) VALUES (%s, 'error')"
)
SET: LiteralString = "UPDATE traceflow.traceflow_ux_issues SET status = %s"
RESOLVED: LiteralString = (
    "SELECT resolved_at IS NOT NULL, resolved_by FROM traceflow.traceflow_ux_issues"
)


def test_a_member_resolves_an_issue_and_opens_it_again(served: psycopg.Connection[Any]) -> None:
    project, user = project_of(served, "ours")
    served.execute(ADD, (project,))
    with acting_as(served, "authenticated", user):
        served.execute(SET, ("in_progress",))
        assert served.execute(RESOLVED).fetchall() == [(False, None)]
        served.execute(SET, ("resolved",))
        assert served.execute(RESOLVED).fetchall() == [(True, user)]
        served.execute("UPDATE traceflow.traceflow_ux_issues SET resolved_at = NULL")
        assert served.execute(RESOLVED).fetchall() == [(True, user)]
        served.execute(SET, ("open",))
        assert served.execute(RESOLVED).fetchall() == [(False, None)]
        served.execute("RESET ROLE")
        logged = served.execute(
            "SELECT user_id, details ->> 'before', details ->> 'status' FROM traceflow.audit_logs"
            " WHERE action = 'issue_status' ORDER BY ctid"
        ).fetchall()
    assert logged == [
        (user, "open", "in_progress"),
        (user, "in_progress", "resolved"),
        (user, "resolved", "open"),
    ]


def test_claims_of_a_login_that_is_no_gateway_make_nobody_of_it(
    served: psycopg.Connection[Any],
) -> None:
    project, user = project_of(served, "ours")
    served.execute(ADD, (project,))
    with acting_as(served, "hxi_service", user):
        served.execute(SET, ("resolved",))
        assert served.execute(RESOLVED).fetchall() == [(True, None)]
        served.execute("UPDATE traceflow.traceflow_ux_issues SET resolved_by = %s", (user,))
        assert served.execute(RESOLVED).fetchall() == [(True, user)]
    with pytest.raises(InvalidParameterValue, match="no status of an issue: gone"):
        served.execute(SET, ("gone",))
    assert one(served, "SELECT status FROM traceflow.traceflow_ux_issues") == "open"


def test_filters_are_their_owners_and_shared_ones_of_the_projects_members(
    served: psycopg.Connection[Any],
) -> None:
    project, user = project_of(served, "ours")
    foreign, other = project_of(served, "theirs")
    served.execute("INSERT INTO gosight.project_members VALUES (%s, %s)", (project, other))
    save: LiteralString = (
        "INSERT INTO gosight.saved_filters"
        " (project_id, user_id, name, filter_type, filter, is_shared)"
        " VALUES (%s, %s, %s, 'sessions', '{\"device\": \"mobile\"}', %s)"
    )
    for name, shared in (("mine", False), ("ours", True)):
        served.execute(save, (project, user, name, shared))
    served.execute(save, (foreign, other, "theirs", True))
    names: LiteralString = "SELECT name FROM gosight.saved_filters ORDER BY name"
    with acting_as(served, "authenticated", user):
        assert served.execute(names).fetchall() == [("mine",), ("ours",)]
        assert served.execute("UPDATE gosight.saved_filters SET name = name || '!'").rowcount == 2
    with acting_as(served, "authenticated", other):
        assert served.execute(names).fetchall() == [("ours",), ("theirs",)]
        served.execute(save, (project, other, "own", False))
        assert served.execute("DELETE FROM gosight.saved_filters").rowcount == 2
        with pytest.raises(psycopg.errors.InsufficientPrivilege), served.transaction():
            served.execute(save, (project, user, "as somebody else", False))
