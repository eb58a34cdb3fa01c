"""Cuts a stream of events, ordered by session, into frames of whole sessions."""

from collections.abc import Iterable, Iterator

import polars as pl

from orchestration.signals.columns import SESSION_KEY


def session_frames(batches: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Frames of about `rows` rows, no session in two of them; a session's rows must be adjacent.

    A frame ends at the first border after `rows` rows, or at the last one before them. At most
    `rows`, one batch and the longest session are held.
    """
    held: list[pl.DataFrame] = []
    height = 0
    for batch in batches:
        if batch.is_empty():
            continue
        complete, rest = _split(held, batch) if height + batch.height >= rows else ([], None)
        if complete:
            yield pl.concat(complete)
            held, height = [], 0
        held.append(batch if rest is None else rest)
        height += held[-1].height
    if held:
        yield pl.concat(held)


def _split(
    held: list[pl.DataFrame], batch: pl.DataFrame
) -> tuple[list[pl.DataFrame], pl.DataFrame | None]:
    """What of both is complete, and the rest of `batch`, which is of the last session."""
    keys = batch.select(SESSION_KEY)
    last = pl.all_horizontal(pl.col(key) == pl.col(key).last() for key in SESSION_KEY)
    start = batch.height - keys.select(last.sum()).item()
    if start > 0:
        return [*held, batch[:start]], batch[start:]
    if held and held[-1].select(SESSION_KEY).row(-1) != keys.row(0):
        return held, None
    return [], None
