"""As one project's login nothing of another is on any page, by any parameter; who may send what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest

from hxi.admin import access
from hxi.admin.endpoints import Endpoints
from tests.e2e.conftest import PlannedWarehouse
from tests.e2e.pages_site import Visitor, served, signed_in

PAGES = (
    *("overview", "page", "journeys", "sessions", "issues", "latency", "errors", "funnel"),
    *("changes", "health"),
)


@dataclass(frozen=True)
class Others:
    """What another project has that ours has not."""

    slug: str
    project_id: str
    session: str
    recorded: str
    issue: str
    path: str


@pytest.fixture(scope="module")
def base(planned_warehouse: PlannedWarehouse, endpoints: Endpoints) -> Iterator[str]:
    del planned_warehouse  # built first
    with served(endpoints) as address:
        yield address


@pytest.fixture(scope="module")
def visitor(
    planned_warehouse: PlannedWarehouse, endpoints: Endpoints, base: str
) -> Iterator[Visitor]:
    with signed_in(base, endpoints, planned_warehouse.dirty, may_change_issues=True) as one:
        yield one


@pytest.fixture(scope="module")
def others(planned_warehouse: PlannedWarehouse, endpoints: Endpoints) -> Others:
    """Of the planned project, while the visitor's is the one of dirt."""
    theirs = planned_warehouse.project_id
    asked = {"theirs": theirs, "ours": planned_warehouse.dirty}

    def one(sql: str) -> str:
        return str(planned_warehouse.client.query(sql, parameters=asked).result_rows[0][0])

    with psycopg.connect(endpoints.postgres_dsn) as owner:
        ((slug,),) = owner.execute(
            "SELECT slug FROM gosight.projects WHERE id = %s", (theirs,)
        ).fetchall()
        ((issue,),) = owner.execute(
            "SELECT issue_key::text FROM traceflow.traceflow_ux_issues WHERE project_id = %s"
            " LIMIT 1",
            (theirs,),
        ).fetchall()
    recorded = "SELECT session_id FROM gosight.replay_chunks WHERE project_id = {theirs:String}"
    return Others(
        slug,
        theirs,
        one("SELECT session_id FROM gosight.sessions WHERE project_id = {theirs:String} LIMIT 1"),
        one(f"{recorded} LIMIT 1"),
        issue,
        one(
            "SELECT path FROM gosight.page_views WHERE project_id = {theirs:String} AND "
            " length(path) > 12 AND path NOT IN (SELECT path FROM gosight.page_views"
            " WHERE project_id = {ours:String}) LIMIT 1"
        ),
    )


def test_another_projects_address_is_as_one_that_is_not_there(
    visitor: Visitor, others: Others
) -> None:
    for page in (*PAGES, f"sessions/{others.session}", "page/clicks.json", "page/picture"):
        refused = visitor.http.get(f"/p/{others.slug}/{page}")
        assert refused.status_code == 404, page
        nowhere = visitor.http.get(f"/p/nowhere/{page}")
        assert nowhere.text == refused.text


def test_another_projects_sessions_recordings_and_issues_are_not_there(
    visitor: Visitor, others: Others
) -> None:
    for page in (
        f"sessions/{others.session}",
        f"sessions/{others.recorded}/recording.json",
        f"issues/{others.issue}",
    ):
        assert visitor.get(page).status_code == 404, page
    picture = visitor.get(f"page/picture?path={others.path}")
    assert (picture.status_code, picture.text) == (204, "")
    change = visitor.http.post(
        f"/p/{visitor.slug}/issues/{others.issue}", data={"status": "resolved"}
    )
    assert visitor.http.get(change.headers["location"]).status_code == 404


def test_no_parameter_brings_rows_of_another_project(visitor: Visitor, others: Others) -> None:
    tries = {
        "project": others.project_id,
        "project_id": others.project_id,
        "slug": others.slug,
        "path": others.path,
        "page": others.path,
        "from": others.path,
        "to": others.path,
        "steps": others.path,
        "user": "user-000001",
        "device": f"x' OR project_id = '{others.project_id}",
        "channel": "{project:String}",
        "had": "1 OR 1",
        "order": "(SELECT 1)",
        "n": "-1",
        "since": "1990-01-01",
        "period": "90d",
    }
    for page in PAGES:
        answer = visitor.http.get(f"/p/{visitor.slug}/{page}", params=tries)
        assert answer.status_code == 200, (page, answer.text)
        told = answer.text
        # What was asked for may be said again; rows may not be there.
        for value in tries.values():
            told = told.replace(value, "") if len(value) > 8 else told
        assert others.slug not in told
        assert others.session not in told
        assert not re.search(r"user-0\d{5}", told), page
    for name in ("device", "channel", "had", "order", "n"):
        answer = visitor.http.get(f"/p/{visitor.slug}/sessions", params={name: tries[name]})
        assert not re.search(r"user-0\d{5}", answer.text), name


def test_a_grant_taken_back_counts_for_who_is_signed_in(
    planned_warehouse: PlannedWarehouse, endpoints: Endpoints, base: str
) -> None:
    with (
        signed_in(base, endpoints, planned_warehouse.dirty) as one,
        psycopg.connect(endpoints.postgres_dsn, autocommit=True) as owner,
    ):
        assert one.get("overview").status_code == 200
        access.revoke(owner, one.login, [planned_warehouse.dirty])
        assert one.get("overview").status_code == 404


def test_who_is_not_signed_in_is_asked_to_and_comes_back(base: str, visitor: Visitor) -> None:
    wanted = f"/p/{visitor.slug}/latency?period=28d"
    with httpx.Client(base_url=base, headers={"origin": base}) as stranger:
        asked = stranger.get(wanted)
        assert asked.status_code == 303
        assert asked.headers["location"].startswith("/login?next=/p/")
        form = {"login": visitor.login, "password": visitor.password, "next": wanted}
        assert stranger.post("/login", data=form).headers["location"] == wanted
        elsewhere = form | {"next": "https://example.org/"}
        assert stranger.post("/login", data=elsewhere).headers["location"] == "/"
        for wrong in ({"password": "no"}, {"login": "hxi"}):
            assert stranger.post("/login", data=form | wrong).status_code == 401


def test_the_owner_of_the_database_is_no_visitor(base: str, endpoints: Endpoints) -> None:
    owner = psycopg.conninfo.conninfo_to_dict(endpoints.postgres_dsn)
    form = {"login": str(owner["user"]), "password": str(owner["password"])}
    answer = httpx.post(f"{base}/login", data=form, headers={"origin": base})
    assert answer.status_code == 401
    assert "none for BI" in answer.text


def test_a_form_of_another_site_does_nothing(visitor: Visitor) -> None:
    for headers in ({"origin": "https://example.org"}, {"sec-fetch-site": "cross-site"}):
        for address in ("/login", "/logout", f"/p/{visitor.slug}/issues/{visitor.project_id}"):
            assert visitor.http.post(address, data={}, headers=headers).status_code == 403
    assert visitor.get("overview").status_code == 200


def test_the_cookie_and_the_headers_are_strict(base: str, visitor: Visitor) -> None:
    form = {"login": visitor.login, "password": visitor.password}
    cookie = httpx.post(f"{base}/login", data=form, headers={"origin": base}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert visitor.password not in cookie
    headers = visitor.get("overview").headers
    policy = headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    text = visitor.get("overview").text
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", text)


def test_a_status_is_set_by_who_may_and_by_nobody_else(
    planned_warehouse: PlannedWarehouse, endpoints: Endpoints, base: str
) -> None:
    project = planned_warehouse.project_id
    with signed_in(base, endpoints, project, may_change_issues=True) as editor:
        found = editor.table("issues", period="90d", status="all")
        address = f"issues/{found[0]['issue_key']}"
        target = f"/p/{editor.slug}/{address}"
        assert editor.http.post(target, data={"status": "ignored"}).status_code == 303
        text = editor.get(address).text
        assert "Ignored" in text
        assert editor.login in text
        with signed_in(base, endpoints, project) as reader:
            assert reader.http.post(target, data={"status": "open"}).status_code == 403
            assert "may look only" in reader.get(address).text
        assert "Ignored" in editor.get(address).text
        editor.http.post(target, data={"status": "open"})
