"""Brings documents up to date with the marts: of sessions that changed, each collection in turn."""

from collections.abc import Iterable, Sequence

from clickhouse_connect.driver.client import Client

from orchestration.documents import changes, writing
from orchestration.documents.collection import Derived
from orchestration.lease.resource import RunResource


def bring_up_to_date(
    run: RunResource,
    collections: Sequence[Derived],
    served: int,
    *,
    full: bool = False,
    open_plan: int = 0,
) -> dict[str, int]:
    """Write the documents of sessions whose rows changed; how many were written, by collection.

    Looked at are those of plans newer than `served`, and of `open_plan`, whose marts are built and
    which is being published.
    `full`: all are deleted and written anew.
    """
    if not collections:
        return {}
    client = run.clickhouse()
    attempts = changes.attempts(
        client, collections, run.fence(), served, full=full, open_plan=open_plan
    )
    sizes = changes.begin(client, attempts)
    writers = writing.WRITERS_BESIDE if open_plan else writing.WRITERS
    written, small = {}, []
    with run.mongodb() as mongo:
        for one, begun in zip(attempts, sizes, strict=True):
            written[one.derived.name] = _rewrite(client, mongo, one, begun, writers)
            # What took long is not written again if the run dies; the others are one statement.
            if begun.sessions > writing.SLICE:
                changes.finish(client, [one])
            elif begun.sessions or one.is_of_all:
                small.append(one)
    changes.finish(client, small)
    return written


def _rewrite(
    client: Client, mongo: writing.Mongo, one: changes.Attempt, begun: changes.Begun, writers: int
) -> int:
    """What is set in documents of record is set anew, whatever was there."""
    if not begun.sessions:
        return 0
    derived = one.derived
    if not derived.is_of_record:
        if one.is_full:
            writing.clear(mongo, derived)
        else:
            _remove(client, mongo, one, begun)
    return writing.write(client, mongo, derived, changes.begun(one), begun.sessions, writers)


def _remove(
    client: Client, mongo: writing.Mongo, one: changes.Attempt, begun: changes.Begun
) -> None:
    if one.has_gone:  # what others wrote of a session goes with it
        writing.remove(client, mongo, one.derived, changes.gone(one.derived), {})
    if begun.rewritten:
        writing.remove(client, mongo, one.derived, changes.rewritten(one), one.derived.ours)


def leave_out(run: RunResource, collections: Iterable[Derived]) -> None:
    """Delete them all: none is better than one that is no longer right."""
    for derived in collections:
        if changes.forget(run.clickhouse(), derived):
            with run.mongodb() as mongo:
                writing.clear(mongo, derived)
