"""Options that several commands share."""

from pathlib import Path

import click

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="The stack's data folder (default: the HXI_* variables, else .hxi).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
