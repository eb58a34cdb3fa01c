"""A BI login that is let do so decides about issues of its project, and of no other."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, InvalidParameterValue

from hxi.admin import access
from tests.integration.access.two_projects import TwoProjects

CHANGE = "SELECT access.change_issue(%s, %s, %s)"
ISSUE = "SELECT issue_key FROM traceflow.traceflow_ux_issues WHERE project_id = %s LIMIT 1"


@pytest.fixture
def editor(two: TwoProjects, owner: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    login = f"bi_{uuid4().hex}"
    password = access.grant(owner, login, [two.ours.project], may_change_issues=True)
    assert password is not None
    with psycopg.connect(access.dsn_of(two.dsn, login, password), autocommit=True) as connection:
        yield connection
    access.drop(owner, login)


def test_a_status_is_set_and_who_set_it_is_kept(
    two: TwoProjects, owner: psycopg.Connection[Any], editor: psycopg.Connection[Any]
) -> None:
    project = two.ours.project
    ((issue,),) = editor.execute(ISSUE, (project,)).fetchall()
    assert editor.execute(CHANGE, (project, issue, "resolved")).fetchall() == [(True,)]
    ((status, resolved_at),) = editor.execute(
        "SELECT status, resolved_at FROM traceflow.traceflow_ux_issues WHERE issue_key = %s",
        (issue,),
    ).fetchall()
    assert status == "resolved"
    assert resolved_at is not None
    newest = editor.execute(
        "SELECT login, status_before, status FROM access.issue_statuses"
        " WHERE issue_key = %s ORDER BY changed_at DESC LIMIT 1",
        (issue,),
    ).fetchall()
    assert newest == [(editor.info.user, "open", "resolved")]
    others = owner.execute(
        "SELECT count(*) FROM traceflow.traceflow_ux_issues"
        " WHERE status = 'resolved' AND NOT (project_id = %s AND issue_key = %s)",
        (project, issue),
    ).fetchall()
    assert others == [(0,)]
    editor.execute(CHANGE, (project, issue, "open"))
    assert editor.execute(CHANGE, (project, uuid4(), "open")).fetchall() == [(False,)]


def test_neither_another_project_nor_another_word_nor_a_login_that_only_reads(
    two: TwoProjects, editor: psycopg.Connection[Any], reader: psycopg.Connection[Any]
) -> None:
    ((issue,),) = editor.execute(ISSUE, (two.ours.project,)).fetchall()
    with pytest.raises(InsufficientPrivilege):
        editor.execute(CHANGE, (two.theirs.project, issue, "resolved"))
    with pytest.raises(InvalidParameterValue):
        editor.execute(CHANGE, (two.ours.project, issue, "gone"))
    with pytest.raises(InsufficientPrivilege):
        reader.execute(CHANGE, (two.ours.project, issue, "resolved"))
