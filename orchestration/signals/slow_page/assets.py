"""Asset signals/slow_pages."""

from orchestration.signals.asset import signal_asset
from orchestration.signals.slow_page import SIGNAL

slow_pages = signal_asset(SIGNAL)
