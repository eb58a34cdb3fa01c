"""Documents of a plan, written in a thread of the run while PostgreSQL is published.

It saves time and nothing else: what it does, the step of documents does after `ops/done` where it
has not been done.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import dagster as dg

from orchestration.documents.freshness import Freshness, freshness
from orchestration.documents.rewriting import bring_up_to_date
from orchestration.documents.switch import wanted
from orchestration.lease.resource import RunResource

STEP = "derived_documents"
BEGUN = "documents beside the publish"


@dataclass(frozen=True)
class Beside:
    """What was written, of a plan and of those since `served`: documents by collection."""

    plan_id: int
    served: int
    written: Mapping[str, int]

    def is_for(self, now: Freshness) -> bool:
        """Whether these are the documents that the tables lack now that the plan is closed."""
        return (self.plan_id, self.served) == (now.built, now.served)


def begin(run: RunResource, context: dg.AssetExecutionContext) -> None:
    """Call when the marts of the run's plan are built, their tests passed.

    Nothing is begun where this run is not one of a whole job: its marts may not be all of the
    plan's, or the step that goes on from here is not in it.
    """
    plan = run.plan()
    if plan.sessions and _is_whole(context):
        run.once(BEGUN, lambda: run.beside(partial(_write, run, plan.plan_id)))


def ended(run: RunResource) -> Beside | None:
    """What was written, once that is over.

    None where nothing was begun, or not all was written: the step meets what the reason was.
    """
    begun: Future[Beside] | None = run.once(BEGUN, lambda: None)
    if begun is None:
        return None
    if error := begun.exception():
        dg.get_dagster_logger().warning(f"documents beside the publish: {error}")
        return None
    return begun.result()


def _write(run: RunResource, open_plan: int) -> Beside:
    served = freshness(run.clickhouse()).served
    written = bring_up_to_date(run, wanted(), served, full=run.full_refresh, open_plan=open_plan)
    return Beside(open_plan, served, written)


def _is_whole(context: dg.AssetExecutionContext) -> bool:
    """Whether this process executes every step of a job, that of documents among them."""
    steps = context.get_step_execution_context().execution_plan.step_keys_to_execute
    job = context.job_def
    return not job.is_subset and STEP in steps and {node.name for node in job.nodes} <= {*steps}
