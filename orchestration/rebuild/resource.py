"""A run as assets are given it."""

from collections.abc import Collection, Iterable, Mapping

import dagster as dg
from pydantic import PrivateAttr

from orchestration.documents import beside as documents_beside
from orchestration.erasure import erasing
from orchestration.lease.resource import RunResource
from orchestration.plan import steps
from orchestration.plan.plan import Plan
from orchestration.retention.expiry import finish


class Run(RunResource):
    """Finishes an expiry that died, and erases, before anything is compared or built; documents
    need not wait for the publish.
    """

    def begin(self) -> None:
        """Repeat expiries that were not finished; begin what was asked to be erased."""
        finish(self)
        erasing.begin(self)

    def marts_are_built(self, context: dg.AssetExecutionContext) -> None:
        """Documents of a large plan are written beside the publish."""
        documents_beside.begin(self, context)


class WholeRun(Run):
    """Goes from a plan that it opens to `ops/done` in one call, which nobody executes again.

    So its steps are recorded together, when `ops/done` asks for them. If it dies before, all of its
    plan counts as not built, and the next run repeats it.
    """

    _ended: list[str] = PrivateAttr(default_factory=list)

    @property
    def is_looked_at(self) -> bool:
        """Its events are heard, and not kept (orchestration/run/instance.py)."""
        return False

    def begins(self, found: Plan, names: Iterable[str]) -> None:
        """Nothing of its plan is recorded yet."""

    def ends(self, found: Plan, names: Iterable[str]) -> None:  # noqa: ARG002 - RunResource's
        """In the order in which they are built: a step after those it reads."""
        self._ended += names

    def missing(self, reads: Mapping[str, Collection[str]]) -> list[str]:
        """Of what is recorded, as for any other run."""
        steps.finish(self.clickhouse(), self.plan(), self._ended)
        return super().missing(reads)
