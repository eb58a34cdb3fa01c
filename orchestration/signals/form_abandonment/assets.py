"""Asset signals/form_abandonments."""

from orchestration.signals.asset import signal_asset
from orchestration.signals.form_abandonment import SIGNAL

form_abandonments = signal_asset(SIGNAL)
