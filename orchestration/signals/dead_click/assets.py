"""Asset signals/dead_clicks."""

import dagster as dg

from orchestration.signals.asset import EVENTS, signal_asset
from orchestration.signals.dead_click import SIGNAL

dead_clicks = signal_asset(SIGNAL, reads=[EVENTS, dg.AssetKey(["signals", "replay_facts"])])
