"""`hxi grant-bi` and `hxi revoke-bi` on the embedded server."""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from hxi.admin import projects
from hxi.command import main

pytestmark = pytest.mark.usefixtures("variables")
GRANTED = "SELECT project_id::text FROM access.bi_grants ORDER BY 1"


def granted(dsn: str) -> list[str]:
    with psycopg.connect(dsn, autocommit=True) as reader:
        return [project for (project,) in reader.execute(GRANTED).fetchall()]


def test_a_login_is_made_widened_narrowed_and_ended(
    capsys: pytest.CaptureFixture[str], project: Any, postgres: psycopg.Connection[Any]
) -> None:
    name, second = f"bi_{uuid4().hex}", projects.create(postgres, uuid4().hex)
    main(["grant-bi", name, "--project", project.slug])
    made = capsys.readouterr()
    dsn = made.out.strip()
    assert urlsplit(dsn).username == name
    assert made.err == f"{name} reads {project.slug}\n"
    assert granted(dsn) == [project.id]

    main(["grant-bi", name, "--project", second[1]])
    assert capsys.readouterr().out == ""  # the address is shown once
    assert granted(dsn) == sorted([project.id, second[0]])

    with psycopg.connect(dsn, autocommit=True) as left_open:
        main(["revoke-bi", name, "--project", project.slug])
        assert [one for (one,) in left_open.execute(GRANTED).fetchall()] == [second[0]]
        main(["revoke-bi", name])
        with pytest.raises(psycopg.OperationalError):
            left_open.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(dsn)


def test_a_new_password_replaces_the_old(capsys: pytest.CaptureFixture[str], project: Any) -> None:
    name = f"bi_{uuid4().hex}"
    main(["grant-bi", name, "--project", project.slug])
    old = capsys.readouterr().out.strip()
    main(["grant-bi", name, "--new-password"])
    assert granted(capsys.readouterr().out.strip()) == [project.id]
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(old)
    main(["revoke-bi", name])


def test_a_name_given_again_inherits_nothing(
    capsys: pytest.CaptureFixture[str], project: Any, postgres: psycopg.Connection[Any]
) -> None:
    name, other = f"bi_{uuid4().hex}", projects.create(postgres, uuid4().hex)
    postgres.execute("INSERT INTO access.bi_grants VALUES (%s, %s)", (name, other[0]))
    main(["grant-bi", name, "--project", project.slug])
    assert granted(capsys.readouterr().out.strip()) == [project.id]
    main(["revoke-bi", name])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["grant-bi", "hxi", "--project", "default"], "the role 'hxi' is there already and no BI"),
        (["grant-bi", "hxi_publisher", "--project", "default"], "is there already and no BI login"),
        (["grant-bi", "pg_mine", "--project", "default"], "'pg_mine' is no name for a login"),
        (["grant-bi", "Sales Team", "--project", "default"], "'Sales Team' is no name for a login"),
        (["grant-bi", "sales", "--project", "nowhere"], "no project 'nowhere'"),
        (["grant-bi", "sales"], "name a --project, or ask for a --new-password"),
        (["grant-bi", "hxi_ingest", "--new-password"], "'hxi_ingest' is no BI login"),
        (["revoke-bi", "hxi"], "'hxi' is no BI login"),
        (["revoke-bi", "nobody_bi"], "'nobody_bi' is no BI login"),
    ],
)
def test_what_is_no_bi_login_is_left_alone(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
