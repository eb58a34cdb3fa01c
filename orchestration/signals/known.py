"""Every signal, none before one whose rows it reads; a new signal is a folder and a line here."""

from orchestration.signals import (
    dead_click,
    error_click,
    form_abandonment,
    journey_steps,
    rage_click,
    replay_facts,
    slow_page,
    thrashed_cursor,
    u_turn,
)
from orchestration.signals.signal import AnySignal

SIGNALS: tuple[AnySignal, ...] = (
    replay_facts.SIGNAL,
    rage_click.SIGNAL,
    error_click.SIGNAL,
    dead_click.SIGNAL,
    thrashed_cursor.SIGNAL,
    u_turn.SIGNAL,
    slow_page.SIGNAL,
    form_abandonment.SIGNAL,
    journey_steps.SIGNAL,
)
