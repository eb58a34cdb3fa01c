"""`hxi env`: the running stack's addresses as lines a shell can evaluate."""

import shlex
from pathlib import Path

import click

from stack.cli.options import data_dir_option
from stack.endpoints import resolve


@click.command()
@data_dir_option
def env(data_dir: Path | None) -> None:
    """Print `export HXI_…` lines: eval "$(hxi env)"."""
    for name, value in resolve(data_dir).environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")
