"""`hxi mcp`: the marts and pages as tools of the Model Context Protocol, over stdio."""

from pathlib import Path

import click

from hxi.admin.endpoints import resolve
from hxi.admin.errors import UserError
from hxi.options import data_dir_option


@click.command()
@click.option(
    "--dsn",
    envvar="HXI_BI_DSN",
    required=True,
    help="The address that `hxi grant-bi` printed; better as HXI_BI_DSN.",
)
@data_dir_option
def mcp(dsn: str, data_dir: Path | None) -> None:
    """Serve read-only tools to a program that speaks MCP, in the name of a BI login."""
    # The protocol's package, templates and the pages: not for every command.
    from pages.logins import SignInError
    from pages.mcp_server import serve

    endpoints = resolve(data_dir)
    try:
        serve(endpoints.clickhouse_reader_url or endpoints.clickhouse_url, dsn)
    except SignInError as error:
        raise UserError(str(error)) from error
