"""Asset signals/rage_clicks."""

from orchestration.signals.asset import signal_asset
from orchestration.signals.rage_click import SIGNAL

rage_clicks = signal_asset(SIGNAL)
