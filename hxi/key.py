"""`hxi key`: add and revoke keys of projects."""

from pathlib import Path

import click

from hxi.admin import projects
from hxi.options import data_dir_option
from hxi.stores import open_postgres


@click.group()
def key() -> None:
    """Keys: what an SDK sends to say which project its events belong to."""


@key.command()
@click.argument("project")
@click.option("--name", default="Default", help="What the key is for.")
@data_dir_option
def create(project: str, name: str, data_dir: Path | None) -> None:
    """Add a key to PROJECT (slug or id) and print it, which is shown only now."""
    with open_postgres(data_dir) as connection:
        click.echo(projects.add_key(connection, projects.find(connection, project), name))


@key.command()
@click.argument("prefix")
@data_dir_option
def revoke(prefix: str, data_dir: Path | None) -> None:
    """Switch off the key that starts with PREFIX; ingest forgets it within five minutes."""
    with open_postgres(data_dir) as connection:
        click.echo(f"revoked {projects.revoke(connection, prefix)}…")
