"""Every signal's asset; a new signal is a folder and a line here."""

import dagster as dg

from orchestration.signals.dead_click.assets import dead_clicks
from orchestration.signals.error_click.assets import error_clicks
from orchestration.signals.journey_steps.assets import journey_steps
from orchestration.signals.rage_click.assets import rage_clicks


def assets() -> list[dg.AssetsDefinition]:
    """What this stage defines."""
    return [rage_clicks, error_clicks, dead_clicks, journey_steps]
