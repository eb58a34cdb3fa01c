"""`hxi user`: accounts."""

from pathlib import Path

import click

from hxi.admin import people
from hxi.options import data_dir_option
from hxi.stores import open_postgres


@click.group()
def user() -> None:
    """Accounts: people, who may become members of projects."""


@user.command()
@click.argument("email")
@click.option("--name", help="As it is shown.")
@click.password_option(help="Asked for when it is left out, so that it is in no shell history.")
@data_dir_option
def add(email: str, name: str | None, password: str, data_dir: Path | None) -> None:
    """Make an account for EMAIL."""
    with open_postgres(data_dir) as connection:
        click.echo(people.add_user(connection, email, password, name))
