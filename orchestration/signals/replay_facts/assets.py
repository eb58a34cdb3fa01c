"""Asset signals/replay_facts."""

import dagster as dg

from orchestration.signals.asset import signal_asset
from orchestration.signals.replay_facts import SIGNAL

replay_facts = signal_asset(SIGNAL, reads=[dg.AssetKey(["intermediate", "int_replay_payloads"])])
