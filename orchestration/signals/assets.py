"""Every signal's asset; a new signal is a folder and a line here and in `known.py`."""

import dagster as dg

from orchestration.signals.dead_click.assets import dead_clicks
from orchestration.signals.error_click.assets import error_clicks
from orchestration.signals.form_abandonment.assets import form_abandonments
from orchestration.signals.journey_steps.assets import journey_steps
from orchestration.signals.rage_click.assets import rage_clicks
from orchestration.signals.replay_facts.assets import replay_facts
from orchestration.signals.slow_page.assets import slow_pages
from orchestration.signals.thrashed_cursor.assets import thrashed_cursors
from orchestration.signals.u_turn.assets import u_turns


def assets() -> list[dg.AssetsDefinition]:
    """What this stage defines."""
    return [
        replay_facts,
        rage_clicks,
        error_clicks,
        dead_clicks,
        thrashed_cursors,
        u_turns,
        slow_pages,
        form_abandonments,
        journey_steps,
    ]
