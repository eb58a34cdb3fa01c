"""Sets aside the sessions that a signal cannot judge, so that no session stops a run."""

from collections.abc import Callable, Iterator

import polars as pl

from orchestration.signals.columns import SESSION_KEY

UNJUDGEABLE = (pl.exceptions.PolarsError, ArithmeticError, LookupError, TypeError, ValueError)
"""What a detector may raise because of a session's values. The stores' errors are none of it."""

REASON_CHARS = 500
SET_ASIDE = pl.Schema(
    {
        "project_id": pl.String(),
        "session_id": pl.String(),
        "signal": pl.String(),
        "reason": pl.String(),
    }
)
"""Grain: one row per session and signal."""

Detect = Callable[[pl.DataFrame], pl.DataFrame]


def judged(frame: pl.DataFrame, detect: Detect) -> Iterator[pl.DataFrame | tuple[str, str, str]]:
    """What `detect` finds in a frame of whole sessions, in the order read.

    Where it raises, the frame is halved until the session is found that cannot be judged: project,
    session and reason in its place.
    """
    try:
        yield detect(frame)
    except UNJUDGEABLE as error:
        sessions = frame.select(SESSION_KEY).unique(maintain_order=True)
        if sessions.height == 1:
            project, session = sessions.row(0)
            yield project, session, f"{type(error).__name__}: {error}"[:REASON_CHARS]
            return
        for half in (sessions[: sessions.height // 2], sessions[sessions.height // 2 :]):
            of_half = frame.join(half, on=SESSION_KEY, how="semi", maintain_order="left")
            yield from judged(of_half, detect)


def rows(signal: str, refused: list[tuple[str, str, str]]) -> pl.DataFrame:
    """Rows of signals.set_aside."""
    return pl.DataFrame(
        [(project, session, signal, reason) for project, session, reason in refused],
        schema=SET_ASIDE,
        orient="row",
    )
