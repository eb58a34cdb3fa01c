"""A run as the definitions give it to assets."""

from orchestration.lease.resource import RunResource
from orchestration.retention.expiry import finish


class Run(RunResource):
    """Finishes an expiry that died before anything is compared, landed again or built."""

    def begin(self) -> None:
        """Repeat expiries that were not finished."""
        finish(self)
