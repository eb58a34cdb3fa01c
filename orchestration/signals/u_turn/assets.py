"""Asset signals/u_turns."""

from orchestration.signals.asset import signal_asset
from orchestration.signals.u_turn import SIGNAL

u_turns = signal_asset(SIGNAL)
