"""Loading what a command needs ahead of its need."""

from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from threading import Thread

from orchestration.transform.loading import loading


def load_ahead(modules: Sequence[str]) -> Thread:
    """Import them in a thread, while the command waits for something else; whoever imports one of
    them before it is loaded waits for it, and meets the error if there is one."""

    def load() -> None:
        with loading(), suppress(ImportError):
            for module in modules:
                import_module(module)

    thread = Thread(target=load, name="imports", daemon=True)
    thread.start()
    return thread
