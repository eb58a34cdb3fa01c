"""A run as the definitions give it to assets."""

from orchestration.erasure import erasing
from orchestration.lease.resource import RunResource
from orchestration.retention.expiry import finish


class Run(RunResource):
    """Finishes an expiry that died, and erases, before anything is compared or built."""

    def begin(self) -> None:
        """Repeat expiries that were not finished; begin what was asked to be erased."""
        finish(self)
        erasing.begin(self)
