"""Loading without looking for garbage: what is loaded stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """For imports of Dagster's size and what dbt parses, of whose time the collector takes half.

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
