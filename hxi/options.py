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

metrics_port_option = click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    envvar="HXI_METRICS_PORT",
    help="With --every: serve /metrics for Prometheus at this port.",
)
