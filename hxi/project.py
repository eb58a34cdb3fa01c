"""`hxi project`: make projects, list them, and their settings."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from hxi.admin import projects
from hxi.options import data_dir_option, json_option
from hxi.project_settings import set_values, show_values, unset_values
from hxi.stores import open_postgres


@click.group()
def project() -> None:
    """Projects: every event belongs to one, named by the key it was sent with."""


@project.command()
@click.argument("name")
@data_dir_option
@json_option
def create(name: str, data_dir: Path | None, as_json: bool) -> None:
    """Make a project and print its key, which is shown only now."""
    with open_postgres(data_dir) as connection:
        project_id, slug, key = projects.create(connection, name)
    if as_json:
        click.echo(json.dumps({"project_id": project_id, "slug": slug, "key": key}))
    else:
        click.echo(f"project  {project_id}  {slug}\nkey      {key}  (kept nowhere: store it now)")


@project.command("list")
@data_dir_option
@json_option
def list_projects(data_dir: Path | None, as_json: bool) -> None:
    """List projects with the prefixes of their active keys."""
    with open_postgres(data_dir) as connection:
        found = projects.all_projects(connection)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in found], default=str))
        return
    width = max(len(row.slug) for row in found)
    for row in found:
        click.echo(f"{row.id}  {row.slug:<{width}}  {' '.join(row.keys) or '-'}")


@project.command()
@click.argument("name")
@click.argument("domains", nargs=-1)
@click.option("--any", "is_any", is_flag=True, help="Pages of every domain may send again.")
@data_dir_option
def domains(name: str, domains: tuple[str, ...], *, is_any: bool, data_dir: Path | None) -> None:
    """Let only pages of DOMAINS, and of what is below them, send to project NAME.

    Without any, show them. What is no browser sends as before.
    """
    with open_postgres(data_dir) as connection:
        project_id = projects.find(connection, name)
        if domains or is_any:
            projects.allow_domains(connection, project_id, domains)
        for domain in projects.allowed_domains(connection, project_id):
            click.echo(domain)


project.add_command(set_values)
project.add_command(unset_values)
project.add_command(show_values)
