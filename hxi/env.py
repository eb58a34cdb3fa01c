"""`hxi env`: the running stack's addresses as lines a shell can evaluate."""

import shlex
from pathlib import Path

import click

from hxi.admin.endpoints import DEFAULT_DATA_DIR, resolve
from hxi.admin.folder import CHECKOUT, writable_beside
from hxi.options import data_dir_option


def dbt_variables(data_dir: Path) -> dict[str, str]:
    """So that plain `dbt build` works from the checkout, in folders of its own.

    A run of the warehouse keeps its parsed project elsewhere.
    """
    place = writable_beside(data_dir)
    return {
        "DBT_PROFILES_DIR": str(CHECKOUT / "dbt_project"),
        "DBT_TARGET_PATH": str(place / "target" / "shell"),
        "DBT_LOG_PATH": str(place / "logs" / "shell"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


@click.command()
@data_dir_option
@click.option("--stores", is_flag=True, help="Without what this project's dbt needs: for others.")
def env(data_dir: Path | None, *, stores: bool) -> None:
    """Print `export` lines of the HXI_ variables, and what dbt needs: eval "$(hxi env)"."""
    variables = resolve(data_dir).environment() | (
        {} if stores else dbt_variables(data_dir or DEFAULT_DATA_DIR)
    )
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
