"""Asset signals/thrashed_cursors."""

from orchestration.signals.asset import signal_asset
from orchestration.signals.thrashed_cursor import SIGNAL

thrashed_cursors = signal_asset(SIGNAL)
