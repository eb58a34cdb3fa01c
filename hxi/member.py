"""`hxi member`: who belongs to a project."""

from pathlib import Path

import click

from hxi.admin import people, projects
from hxi.options import data_dir_option
from hxi.stores import open_postgres


@click.group()
def member() -> None:
    """Members: accounts that belong to a project, each with a role."""


@member.command()
@click.argument("project")
@click.argument("email")
@click.option("--role", type=click.Choice(people.ROLES), default="member", show_default=True)
@data_dir_option
def add(project: str, email: str, role: str, data_dir: Path | None) -> None:
    """Let EMAIL belong to PROJECT; a role it had there is replaced."""
    with open_postgres(data_dir) as connection:
        people.add_member(connection, projects.find(connection, project), email, role)


@member.command()
@click.argument("project")
@click.argument("email")
@data_dir_option
def remove(project: str, email: str, data_dir: Path | None) -> None:
    """EMAIL belongs to PROJECT no more."""
    with open_postgres(data_dir) as connection:
        people.remove_member(connection, projects.find(connection, project), email)
