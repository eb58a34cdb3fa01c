"""`hxi mcp`, asked by a client of the protocol: its answers are the pages' and the marts'."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

from hxi.admin import access
from hxi.admin.endpoints import Endpoints
from pages import contracts
from pages.tools import MOST_ROWS, tools
from tests.e2e.conftest import PlannedWarehouse
from tests.e2e.pages_site import Visitor

HXI = str(Path(sys.executable).with_name("hxi"))
Talk = Callable[[Client], Awaitable[None]]


def talk(endpoints: Endpoints, visitor: Visitor, what: Talk) -> None:
    """`hxi mcp` in a process of its own, with the visitor's login."""
    dsn = access.dsn_of(endpoints.postgres_dsn, visitor.login, visitor.password)
    environment = endpoints.environment() | {"HXI_BI_DSN": dsn}
    server = StdioServerParameters(command=HXI, args=["mcp"], env=environment)

    async def both() -> None:
        async with Client(server) as client:
            await what(client)

    anyio.run(both)


async def answer(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(getattr(result.content[0], "text", ""))


def as_csv(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]


def test_answers_are_those_of_the_pages_and_of_the_marts(
    planned_warehouse: PlannedWarehouse, endpoints: Endpoints, visitor: Visitor
) -> None:
    async def asked(client: Client) -> None:
        found = (await client.list_tools()).tools
        assert {one.name for one in found} == {one.name for one in tools()}
        assert {f"mart_{name}" for name in contracts.marts()} <= {one.name for one in found}
        assert all(one.annotations and one.annotations.read_only_hint for one in found)

        for name, page, table in (
            ("page_overview", "overview", "days"),
            ("page_latency", "latency", "endpoints"),
            ("page_errors", "errors", "errors"),
            ("page_insights_page", "issues", "issues"),
            ("page_journeys_page", "journeys", "journeys"),
        ):
            told = await answer(client, name, period="28d", limit=MOST_ROWS)
            rows = told["tables"][table]["rows"]
            assert len(rows) > 1, name
            shown = visitor.table(page, table=table, period="28d")
            assert as_csv(rows) == shown[:MOST_ROWS], name
            assert told["tables"][table]["of"] == len(shown), name
            assert told["queries"], name

        sessions = await answer(
            client, "mart_sessions", period="28d", where={"device_type": "mobile"}, limit=MOST_ROWS
        )
        assert sessions["marts"] == ["gosight.sessions"]
        assert sessions["keys"] == {"sessions": ["project_id", "session_id"]}
        (query,) = [one for one in sessions["queries"] if "device_type = " in one["sql"]]
        own = query["parameters"]
        again = planned_warehouse.client.query(query["sql"], parameters=own).named_results()
        assert as_csv(list(again)) == as_csv(sessions["rows"])
        assert {row["device_type"] for row in sessions["rows"]} == {"mobile"}

        one = sessions["rows"][0]
        visit = await answer(client, "page_session_page", session=one["session_id"])
        assert f"/sessions/{one['session_id']}" in visit["page"]
        states = await answer(client, "mart_page_time_mv", columns=["path", "avg_time_on_page"])
        assert all(row["avg_time_on_page"] > 0 for row in states["rows"])

    talk(endpoints, visitor, asked)


def test_nothing_of_other_projects_and_nothing_unknown_is_answered(
    planned_warehouse: PlannedWarehouse, endpoints: Endpoints, visitor: Visitor
) -> None:
    other = planned_warehouse.dirty
    ((slug, session),) = planned_warehouse.client.query(
        "SELECT p.slug, toString(any(session_id)) FROM gosight.sessions"
        " JOIN gosight.projects AS p USING (project_id) WHERE project_id = {p:String} GROUP BY 1",
        parameters={"p": other},
    ).result_rows

    async def asked(client: Client) -> None:
        told = await refusal(client, "mart_sessions", project=slug)
        assert visitor.slug in told
        found = await answer(client, "mart_sessions", where={"project_id": other}, period="90d")
        assert found["rows"] == []
        assert "no such thing" in await refusal(client, "page_session_page", session=session)
        assert "evil" in await refusal(client, "mart_sessions", columns=["evil) FROM system.users"])
        assert "no tool" in await refusal(client, "mart_users")
        assert "does not take" in await refusal(client, "page_latency", session=session)

    talk(endpoints, visitor, asked)
