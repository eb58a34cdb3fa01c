"""The end of a run's erasures as an asset: what is left is swept out, and every store searched."""

from collections.abc import Iterator

import dagster as dg

from orchestration.documents.collections import DERIVED
from orchestration.erasure.erasing import finish
from orchestration.lease.resource import POOL, RunResource

KEY = dg.AssetKey(["ops", "erasures"])
CHECK = "nothing_erased_is_found"


@dg.asset(
    key=KEY,
    group_name="erase",
    # Documents hold what is erased as long as they are behind.
    deps=[["ops", "done"], *(["documents", derived.name] for derived in DERIVED)],
    kinds={"postgres"},
    pool=POOL,
    check_specs=[dg.AssetCheckSpec(CHECK, asset=KEY)],
)
def erasures(run: RunResource) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Requests of ops.erasure_requests that this run carried out, with a proof for each store."""
    erased = finish(run)
    found = {f"request {one.request_id}": ", ".join(one.places) for one in erased if one.places}
    yield dg.MaterializeResult(metadata={"dagster/row_count": len(erased)})
    yield dg.AssetCheckResult(check_name=CHECK, passed=not found, metadata={**found})
