"""The tools over the Model Context Protocol, at standard input and output."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio
import psycopg
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    TextContent,
    Tool,
    ToolAnnotations,
)

from hxi.admin import clients
from hxi.admin.endpoints import MARTS
from pages import logins, tools
from pages.logins import Person, SignInError
from pages.marts import Marts, Tables

ABOUT = (
    "Sessions, frustration insights, journeys, heatmaps, latency and experience scores of a"
    " project. page_ tools answer what people see on a page; mart_ tools read rows of one mart."
    " Cite the marts and keys that an answer names."
)


def serve(clickhouse_url: str, bi_dsn: str) -> None:
    """Until standard input ends. SignInError when PostgreSQL does not take the login for BI."""
    logins.check(bi_dsn)
    with clients.clickhouse(clickhouse_url, MARTS) as client, logins.pool_of(bi_dsn) as pool:
        tables = Tables(client)
        login = psycopg.conninfo.conninfo_to_dict(bi_dsn).get("user") or ""
        asker = tools.Asker(Person(str(login), pool), partial(_marts, client, tables))
        anyio.run(_serve, asker)


def _marts(client: Client, tables: Tables, project: logins.Project) -> Marts:
    return Marts(client, tables, project.id)


async def _serve(asker: tools.Asker) -> None:
    async def listed(*_: Any) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(one) for one in tools.tools()])

    async def called(_: Any, asked: CallToolRequestParams) -> CallToolResult:
        answer = partial(_answer, asker, asked.name, asked.arguments or {})
        return await anyio.to_thread.run_sync(answer)

    server: Server[Any] = Server(
        "hxi", instructions=ABOUT, on_list_tools=listed, on_call_tool=called
    )
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())


def _tool(one: tools.Tool) -> Tool:
    only_reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return Tool(
        name=one.name, description=one.description, input_schema=one.schema, annotations=only_reads
    )


def _answer(asker: tools.Asker, name: str, arguments: Mapping[str, Any]) -> CallToolResult:
    """What went wrong is an answer too, so that who asked can ask better."""
    try:
        found = tools.answer(asker, name, arguments)
    except (tools.ToolError, SignInError) as error:
        return _told(str(error), is_error=True)
    except (ClickHouseError, psycopg.Error, OSError) as error:
        return _told(f"a store does not answer this: {str(error)[:300]}", is_error=True)
    as_text = json.dumps(found, default=str, ensure_ascii=False)
    return CallToolResult(
        content=[TextContent(text=as_text)], structured_content=json.loads(as_text)
    )


def _told(text: str, *, is_error: bool) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=is_error)
