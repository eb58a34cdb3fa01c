"""Assets documents/*: derived documents of sessions that were built, compared with the marts."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import dagster as dg

from orchestration.documents import beside, freshness
from orchestration.documents.agreement import (
    Disagreement,
    DisagreementError,
    disagreements,
)
from orchestration.documents.collection import Derived
from orchestration.documents.collections import DERIVED
from orchestration.documents.rewriting import bring_up_to_date, leave_out
from orchestration.documents.sessions import by_project, few
from orchestration.documents.switch import wanted
from orchestration.lease.resource import POOL, RunResource
from orchestration.plan.plan import PlanError, built_since
from orchestration.publish.parts import EVERYTHING, LANDED, Named, Part, due, next_slice

DOCUMENTS = "documents"
AGREES = "agrees_with_marts_and_postgresql"
Event: TypeAlias = dg.MaterializeResult[None] | dg.AssetCheckResult


def _specs() -> Iterator[dg.AssetSpec]:
    """After `ops/done`: nobody waits for them, and the comparison reads what was served."""
    for derived in DERIVED:
        marts = [["gosight", mart] for mart in derived.marts]
        served = [["hxi", derived.served.table]] if derived.served else []
        yield dg.AssetSpec(
            [DOCUMENTS, derived.name],
            deps=[*marts, *served, ["ops", "done"]],
            group_name=DOCUMENTS,
            kinds={"mongodb"},
            description=derived.description,
        )


@dg.multi_asset(
    specs=list(_specs()),
    check_specs=[dg.AssetCheckSpec(AGREES, asset=[DOCUMENTS, derived.name]) for derived in DERIVED],
    name=beside.STEP,
    pool=POOL,
)
def derived_documents(run: RunResource) -> Iterator[Event]:
    """Rewrites the documents of sessions that changed; fails when the stores do not agree.

    Waits for those that are written beside the publish, after which nothing is left to write.
    """
    started = time.monotonic()
    now = freshness.freshness(run.clickhouse())
    if now.open_plan:
        raise PlanError(
            f"plan {now.open_plan} is open: documents are written when `ops/done` has closed it"
        )
    kept, before = wanted(), beside.ended(run)
    if before and before.is_for(now):
        written = Counter(before.written)
    else:
        full = run.full_refresh and before is None
        written = Counter(bring_up_to_date(run, kept, now.served, full=full))
    leave_out(run, [derived for derived in DERIVED if derived not in kept])
    compared = [derived for derived in kept if not derived.is_of_record]
    found = compare(run, compared, parts_due(run, now)) if compared else []
    measured = {"plan": now.built, "seconds": round(time.monotonic() - started, 3)}
    for derived in DERIVED:
        yield dg.MaterializeResult(
            asset_key=[DOCUMENTS, derived.name],
            metadata={"rows_written": written[derived.name], **measured},
        )
        differences = [str(one) for of, one in found if of is derived]
        yield dg.AssetCheckResult(
            asset_key=[DOCUMENTS, derived.name],
            check_name=AGREES,
            passed=not differences,
            metadata={"differences": differences},
        )
    if found:
        raise DisagreementError(f"{found[0][1]}: rebuild with `hxi run --full-refresh`")
    if now.is_behind:
        freshness.record(run.clickhouse(), now.built)


def parts_due(run: RunResource, before: freshness.Freshness) -> tuple[Part, ...]:
    """What is compared after documents were written for plans that `before` did not serve."""
    client, sessions = run.clickhouse(), built_since(before.served)
    changed = few(client, sessions) or Named(sessions, by_project(client, sessions))
    count = sum(map(len, changed.ids.values()))
    found = due(client, count, lambda: next_slice(before.served_at_ms, time.time()))
    return tuple(changed if one is LANDED else one for one in found)


def compare(
    run: RunResource, collections: Sequence[Derived], parts: Sequence[Part] = (EVERYTHING,)
) -> list[tuple[Derived, Disagreement]]:
    """Where MongoDB, the marts and PostgreSQL differ in these parts."""
    with run.mongodb() as mongo, run.postgres() as postgres:
        return list(disagreements(run.clickhouse(), mongo, postgres, collections, parts))


def assets() -> list[dg.AssetsDefinition]:
    """What this stage defines."""
    return [derived_documents]
