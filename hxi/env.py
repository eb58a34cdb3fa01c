"""`hxi env`: the running stack's addresses as lines a shell can evaluate."""

import shlex
from pathlib import Path

import click

from hxi.admin.endpoints import resolve
from hxi.admin.folder import CHECKOUT
from hxi.options import data_dir_option

# So that plain `dbt build` works from the checkout, in folders of its own: a run of the warehouse
# keeps its parsed project elsewhere.
DBT_VARIABLES = {
    "DBT_PROFILES_DIR": str(CHECKOUT / "dbt_project"),
    "DBT_TARGET_PATH": str(CHECKOUT / "target" / "shell"),
    "DBT_LOG_PATH": str(CHECKOUT / "logs" / "shell"),
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
}


@click.command()
@data_dir_option
@click.option("--stores", is_flag=True, help="Without what this project's dbt needs: for others.")
def env(data_dir: Path | None, *, stores: bool) -> None:
    """Print `export` lines of the HXI_ variables, and what dbt needs: eval "$(hxi env)"."""
    variables = resolve(data_dir).environment() | ({} if stores else DBT_VARIABLES)
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
