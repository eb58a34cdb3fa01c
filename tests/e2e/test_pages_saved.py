"""Filters that people save in the pages: kept for the project, for nobody else."""

import re
from collections.abc import Iterator

import pytest

from hxi.admin import clients, projects
from hxi.admin.endpoints import Endpoints
from tests.e2e.conftest import PlannedWarehouse
from tests.e2e.pages_site import Visitor, served, signed_in


@pytest.fixture
def base(endpoints: Endpoints) -> Iterator[str]:
    with served(endpoints) as address:
        yield address


@pytest.fixture
def visitor(
    base: str, endpoints: Endpoints, planned_warehouse: PlannedWarehouse
) -> Iterator[Visitor]:
    project = planned_warehouse.project_id
    with clients.postgres(endpoints.postgres_dsn) as owner:
        owner.execute(
            "WITH made AS (INSERT INTO gosight.users (email, password_hash)"
            " VALUES ('keeper@shop.test', '-') RETURNING id)"
            " INSERT INTO gosight.project_members SELECT %s, id, 'owner' FROM made",
            (project,),
        )
        with signed_in(base, endpoints, project, may_change_issues=True) as person:
            yield person
        owner.execute("DELETE FROM gosight.users WHERE email = 'keeper@shop.test'")


def post(visitor: Visitor, page: str, **form: str) -> int:
    return visitor.http.post(f"/p/{visitor.slug}/{page}", data=form).status_code


def listed(visitor: Visitor, page: str) -> dict[str, str]:
    """Saved names of a page, with where they lead."""
    text = visitor.get(page).text
    return {
        name: address.replace("&amp;", "&")
        for address, name in re.findall(r'class="saved"><a href="([^"]*)">([^<]*)</a>', text)
    }


def test_filters_are_saved_replaced_shared_and_forgotten(
    base: str, endpoints: Endpoints, visitor: Visitor
) -> None:
    asked = "sessions/saved?period=28d&device=mobile&n=3&format=csv"
    assert post(visitor, asked, name="Phones & <b>") == 303
    (name, address), *others = listed(visitor, "sessions").items()
    assert others == []
    assert name == "Phones &amp; &lt;b&gt;"
    assert address == f"/p/{visitor.slug}/sessions?device=mobile&period=28d"
    assert visitor.http.get(address).status_code == 200
    assert listed(visitor, "errors") == {}
    assert post(visitor, "sessions/saved?device=tablet", name="Phones & <b>") == 303
    assert list(listed(visitor, "sessions").values()) == [
        f"/p/{visitor.slug}/sessions?device=tablet"
    ]
    (found,) = re.findall(r'name="forget" value="([^"]+)"', visitor.get("sessions").text)
    with signed_in(base, endpoints, visitor.project_id) as reader:
        assert list(listed(reader, "sessions")) == [name]
        assert (
            "<form"
            not in reader.get("sessions").text.partition("Saved")[2].partition("</details>")[0]
        )
        assert post(reader, "sessions/saved", forget=found) == 403
        assert post(reader, "sessions/saved", name="mine") == 403
    assert post(visitor, "sessions/saved", forget=found) == 303
    assert listed(visitor, "sessions") == {}


def test_what_cannot_be_saved_is_told(visitor: Visitor) -> None:
    assert post(visitor, "sessions/saved", name=" ") == 400
    assert post(visitor, "sessions/saved?path=" + "x" * 9_000, name="long") == 400
    assert post(visitor, "sessions/saved", forget="nonsense") == 404
    strange = visitor.http.post(
        f"/p/{visitor.slug}/sessions/saved",
        data={"name": "from elsewhere"},
        headers={"origin": "https://evil.example"},
    )
    assert strange.status_code == 403
    assert listed(visitor, "sessions") == {}


def test_another_projects_login_neither_sees_nor_forgets_them(
    base: str, endpoints: Endpoints, visitor: Visitor
) -> None:
    assert post(visitor, "sessions/saved?device=mobile", name="ours") == 303
    (found,) = re.findall(r'name="forget" value="([^"]+)"', visitor.get("sessions").text)
    with clients.postgres(endpoints.postgres_dsn) as owner:
        other, _, _ = projects.create(owner, "strangers of saved filters")
    with signed_in(base, endpoints, other, may_change_issues=True) as stranger:
        assert listed(stranger, "sessions") == {}
        assert post(stranger, "sessions/saved", forget=found) == 303
        answer = stranger.http.post(f"/p/{visitor.slug}/sessions/saved", data={"forget": found})
        assert answer.status_code == 404
        # It has no owner to keep filters for.
        assert post(stranger, "sessions/saved", name="theirs") == 400
    assert list(listed(visitor, "sessions")) == ["ours"]
