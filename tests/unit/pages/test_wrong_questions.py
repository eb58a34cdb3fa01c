"""What programs, browsers and strangers ask wrongly is answered as nonsense, and costs nothing."""

from datetime import date
from typing import Any, cast

import pytest

from pages import logins
from pages.logins import Logins, Person, Project, SignInError
from pages.marts import Marts
from pages.shown import Ask
from pages.tools import MOST_ROWS, Asker, ToolError, answer
from pages.view import Period, View, period_of
from pages.views.issues import page_number

SHOP = Project("a", "shop", "Shop")
NEWEST = date(2026, 3, 2)


class Asked:
    """A person of one project, and marts that keep what was asked and have no rows."""

    asked: tuple[()] = ()

    def __init__(self) -> None:
        self.sql: list[str] = []

    def projects(self) -> list[Project]:
        return [SHOP]

    def row(self, *_: object) -> dict[str, date]:
        return {"newest": NEWEST, "partial": NEWEST}

    def rows(self, sql: str, *_: object) -> list[dict[str, Any]]:
        self.sql.append(sql)
        return []


def asker(asked: Asked) -> Asker:
    return Asker(cast("Person", asked), lambda _: cast("Marts", asked))


@pytest.mark.parametrize("since", ["0001-01-01", "1969-12-31", "2149-06-06", "9999-12-31"])
def test_days_that_no_store_can_count_are_the_default(since: str) -> None:
    given = {"since": since, "until": since}
    period = period_of(given, NEWEST)
    assert period == Period(date(2026, 2, 24), NEWEST, "7d")
    assert View(SHOP, "overview", period, given).parameters()["before"] == date(2026, 2, 17)


@pytest.mark.parametrize(("given", "number"), [("9" * 5000, 10_000), ("x", 1), ("0", 1), ("", 1)])
def test_a_number_of_a_long_list_may_be_anything(given: str, number: int) -> None:
    view = View(SHOP, "sessions", Period(NEWEST, NEWEST), {"n": given})
    asked = Asked()
    assert page_number(Ask(view, None, cast("Marts", asked), cast("Person", asked))) == number


@pytest.mark.parametrize(
    "wrong",
    [
        *({"limit": one} for one in ("many", None, 0, -5, 1.5, True, MOST_ROWS + 1)),
        *({"where": one} for one in ("path", ["path"], None)),
        *({"columns": one} for one in (5, None, [["path"]], "path", [])),
        {"period": 7},
    ],
)
def test_arguments_that_are_not_what_the_schema_says_reach_no_store(wrong: dict[str, Any]) -> None:
    asked = Asked()
    with pytest.raises(ToolError):
        answer(asker(asked), "mart_sessions", wrong)
    assert asked.sql == []


def test_a_tool_answers_as_many_rows_as_it_says_at_most() -> None:
    asked = Asked()
    answer(asker(asked), "mart_sessions", {"limit": MOST_ROWS, "where": {"country": "DE"}})
    assert asked.sql[0].endswith(f" LIMIT {MOST_ROWS + 1}")


def test_nobody_is_signed_in_without_a_password_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An empty one would be looked up in the environment of the pages."""
    monkeypatch.setattr(logins, "check", lambda _: None)
    for login, password in (("bi", ""), ("", "secret")):
        with pytest.raises(SignInError):
            Logins("postgresql://127.0.0.1:1/x").sign_in(login, password)


def test_names_that_strangers_try_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    people = Logins("postgresql://127.0.0.1:1/x")
    monkeypatch.setattr(logins, "FAILURES_WITHIN_S", 0)
    for number in range(20):
        with pytest.raises(SignInError):
            people.sign_in(f"stranger {number}", "guess")
    assert len(people._failures) <= 1
