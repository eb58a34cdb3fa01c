"""Loading what a command needs: ahead of its need, and without looking for garbage."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Thread


@contextmanager
def loading() -> Iterator[None]:
    """For imports of Dagster's size, of whose time the collector takes half.

    What is there afterwards is never looked through again. As before if it was off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


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
