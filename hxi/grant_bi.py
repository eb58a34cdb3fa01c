"""`hxi grant-bi` and `hxi revoke-bi`: PostgreSQL logins that read the marts of some projects."""

from collections.abc import Sequence
from pathlib import Path

import click
import psycopg

from hxi.admin import access, projects
from hxi.admin.endpoints import resolve
from hxi.options import data_dir_option
from hxi.stores import open_postgres


@click.command()
@click.argument("name")
@click.option("--project", "given", multiple=True, help="Slug or id; repeat for several.")
@click.option("--issues", is_flag=True, help="It may also set the status of their issues.")
@click.option("--new-password", is_flag=True, help="Replace the password of a login.")
@data_dir_option
def grant_bi(
    *, name: str, given: Sequence[str], issues: bool, new_password: bool, data_dir: Path | None
) -> None:
    """Let the BI login NAME read projects; a new login's address is printed, only now."""
    if not given and not new_password:
        raise click.UsageError("name a --project, or ask for a --new-password")
    dsn = resolve(data_dir).postgres_dsn
    with open_postgres(data_dir) as connection:
        found = [projects.find(connection, one) for one in given]
        password = None
        if found:
            password = access.grant(connection, name, found, may_change_issues=issues)
        if password is None and new_password:
            password = access.new_password_of(connection, name)
        _tell(connection, name)
    if password is not None:
        click.echo(access.dsn_of(dsn, name, password))


@click.command()
@click.argument("name")
@click.option("--project", "given", multiple=True, help="Only these; default: the login itself.")
@data_dir_option
def revoke_bi(*, name: str, given: Sequence[str], data_dir: Path | None) -> None:
    """Take projects from the BI login NAME, or end the login."""
    with open_postgres(data_dir) as connection:
        if given:
            found = [projects.find(connection, one) for one in given]
            access.revoke(connection, name, found)
            _tell(connection, name)
        else:
            access.drop(connection, name)
            click.echo(f"{name} is gone", err=True)


def _tell(connection: psycopg.Connection, name: str) -> None:
    """On stderr: the answer of a grant is the address alone."""
    slugs = " ".join(access.projects_of(connection, name)) or "nothing"
    click.echo(f"{name} reads {slugs}", err=True)
