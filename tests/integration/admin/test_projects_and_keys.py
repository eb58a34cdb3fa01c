import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from hxi.admin import projects
from hxi.admin.errors import UserError
from hxi.command import main

pytestmark = pytest.mark.usefixtures("variables")


def test_a_new_project_gets_one_key_whose_text_is_kept_nowhere(
    capsys: pytest.CaptureFixture[str], postgres: psycopg.Connection[Any]
) -> None:
    name = f"Web Shop {uuid4().hex[:8]}"
    main(["project", "create", name, "--json"])
    made = json.loads(capsys.readouterr().out)
    assert made["slug"] == name.lower().replace(" ", "-")
    assert projects.accepts(postgres, made["project_id"], made["key"])
    stored = postgres.execute(
        "SELECT to_jsonb(k)::text FROM gosight.api_keys k WHERE project_id = %s",
        (made["project_id"],),
    ).fetchall()
    assert len(stored) == 1
    assert made["key"] not in stored[0][0]
    assert projects.hash_key(made["key"]) in stored[0][0]
    main(["project", "list", "--json"])
    listed = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert listed[made["project_id"]]["keys"] == [made["key"][:12]]
    main(["project", "list"])
    assert made["key"][:12] in capsys.readouterr().out


def test_a_revoked_key_is_not_accepted_and_a_second_one_still_is(
    capsys: pytest.CaptureFixture[str], project: Any, postgres: psycopg.Connection[Any]
) -> None:
    main(["key", "create", project.slug])
    second = capsys.readouterr().out.strip()
    main(["key", "revoke", project.key[:12]])
    assert capsys.readouterr().out == f"revoked {project.key[:12]}…\n"
    assert not projects.accepts(postgres, project.id, project.key)
    assert projects.accepts(postgres, project.id, second)
    projects.revoke(postgres, second)
    assert not projects.accepts(postgres, project.id, second)


def test_a_key_is_good_for_its_own_project_alone(
    project: Any, postgres: psycopg.Connection[Any]
) -> None:
    other, _, _ = projects.create(postgres, uuid4().hex)
    assert projects.accepts(postgres, project.id, project.key)
    assert not projects.accepts(postgres, other, project.key)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["key", "revoke", "gs_nosuchkey"], "no active key starts with 'gs_nosuchkey'"),
        (["key", "revoke", "gs_"], "no active key starts with 'gs_'"),
        (["key", "create", "nobody-s"], "no project 'nobody-s'"),
        (["project", "create", "default"], "project 'default' exists already"),
        (["project", "create", "!!"], "needs a letter or digit"),
    ],
)
def test_bad_use_ends_with_one_line_and_an_exit_code(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith("hxi: ")
    assert line in error
    assert error.count("\n") == 1


def test_a_prefix_of_several_keys_is_not_guessed(
    project: Any, postgres: psycopg.Connection[Any]
) -> None:
    for ending in ("a", "b"):
        postgres.execute(
            "INSERT INTO gosight.api_keys (project_id, key_hash, key_prefix)"
            " VALUES (%s, %s, 'gs_twin12345')",
            (project.id, uuid4().hex + ending),
        )
    with pytest.raises(UserError, match="2 active keys start with 'gs_twin'"):
        projects.revoke(postgres, "gs_twin")
