"""Asset signals/error_clicks."""

from orchestration.signals.asset import signal_asset
from orchestration.signals.error_click import SIGNAL

error_clicks = signal_asset(SIGNAL)
