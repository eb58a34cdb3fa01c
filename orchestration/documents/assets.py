"""Assets documents/*: derived documents of the planned sessions, compared with the marts."""

import time
from collections.abc import Iterator
from typing import TypeAlias

import dagster as dg
from clickhouse_connect.driver.client import Client

from orchestration.documents import changes, writing
from orchestration.documents.agreement import Disagreement, DisagreementError, disagreements
from orchestration.documents.collection import Derived
from orchestration.documents.collections import DERIVED
from orchestration.documents.switch import wanted
from orchestration.lease.resource import POOL, RunResource

DOCUMENTS = "documents"
AGREES = "agrees_with_marts_and_postgresql"
Event: TypeAlias = dg.MaterializeResult[None] | dg.AssetCheckResult


def _specs() -> Iterator[dg.AssetSpec]:
    """After the publish: the comparison reads what it served."""
    for derived in DERIVED:
        marts = [["gosight", mart] for mart in derived.marts]
        served = [["hxi", derived.served.table]] if derived.served else []
        yield dg.AssetSpec(
            [DOCUMENTS, derived.name],
            deps=[*marts, *served],
            group_name=DOCUMENTS,
            kinds={"mongodb"},
            description=derived.description,
        )


@dg.multi_asset(
    specs=list(_specs()),
    check_specs=[dg.AssetCheckSpec(AGREES, asset=[DOCUMENTS, derived.name]) for derived in DERIVED],
    name="derived_documents",
    pool=POOL,
)
def derived_documents(run: RunResource) -> Iterator[Event]:
    """Rewrites the documents of sessions that changed; fails when the stores do not agree."""
    found: list[Disagreement] = []
    with run.step(dg.AssetKey([DOCUMENTS, derived.name]) for derived in DERIVED) as plan:
        kept = wanted() if plan.plan_id else ()
        standings = changes.standings(run.clickhouse())
        for derived in DERIVED:
            started = time.monotonic()
            standing = standings[derived.name]
            rows = _write(run, derived, standing, is_kept=derived in kept) if plan.plan_id else 0
            yield dg.MaterializeResult(
                asset_key=[DOCUMENTS, derived.name],
                metadata={"rows_written": rows, **run.measured(started)},
            )
            is_compared = derived in kept and not derived.is_of_record
            differences = compare(run, derived) if is_compared else []
            found += differences
            yield dg.AssetCheckResult(
                asset_key=[DOCUMENTS, derived.name],
                check_name=AGREES,
                passed=not differences,
                metadata={"differences": [str(one) for one in differences]},
            )
        if found:
            raise DisagreementError(f"{found[0]}: rebuild with `hxi run --full-refresh`")


def _write(run: RunResource, derived: Derived, standing: changes.Standing, *, is_kept: bool) -> int:
    return bring_up_to_date(run, derived, standing) if is_kept else leave_out(run, derived)


def bring_up_to_date(
    run: RunResource, derived: Derived, standing: changes.Standing | None = None
) -> int:
    """Write the documents of sessions whose rows changed; returns how many were written.

    `standing`: the collection's as it is now, if it was asked.
    """
    client, full = run.clickhouse(), run.full_refresh
    now = standing or changes.standings(client)[derived.name]
    version = now.next_version(run.plan())
    is_of_all = full or not now.is_whole
    begun = changes.begin(client, derived, version, full=full, is_of_all=is_of_all)
    if not begun.sessions:
        if is_of_all:
            changes.finish(client, derived, version)
        return 0
    with run.mongodb() as mongo:
        # What is set in documents of record is set anew, whatever was there.
        if run.full_refresh and not derived.is_of_record:
            writing.clear(mongo, derived)
        elif not derived.is_of_record:
            _remove(client, mongo, derived, version, begun)
        written = writing.write(client, mongo, derived, changes.begun(derived, version))
    changes.finish(client, derived, version)
    return written


def _remove(
    client: Client, mongo: writing.Mongo, derived: Derived, version: int, begun: changes.Begun
) -> None:
    if begun.gone:  # what others wrote of a session goes with it
        writing.remove(client, mongo, derived, changes.gone(derived), {})
    if begun.rewritten:
        rewritten = changes.rewritten(derived, version)
        writing.remove(client, mongo, derived, rewritten, derived.ours)


def leave_out(run: RunResource, derived: Derived) -> int:
    """Delete them all: none is better than one that is no longer right."""
    if changes.forget(run.clickhouse(), derived):
        with run.mongodb() as mongo:
            writing.clear(mongo, derived)
    return 0


def compare(run: RunResource, derived: Derived) -> list[Disagreement]:
    """Where MongoDB, the marts and PostgreSQL differ."""
    with run.mongodb() as mongo, run.postgres() as postgres:
        return list(disagreements(run.clickhouse(), mongo, postgres, derived))


def assets() -> list[dg.AssetsDefinition]:
    """What this stage defines."""
    return [derived_documents]
