"""Asset signals/dead_clicks."""

from orchestration.signals.asset import signal_asset
from orchestration.signals.dead_click import SIGNAL

dead_clicks = signal_asset(SIGNAL)
