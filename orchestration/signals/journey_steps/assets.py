"""Asset signals/journey_steps."""

from orchestration.signals.asset import signal_asset
from orchestration.signals.journey_steps import SIGNAL

journey_steps = signal_asset(SIGNAL)
