"""Why a load stops, and what the doors answer to one batch."""

from hxi.admin.errors import UserError


class LoadError(UserError):
    """Root of what ends a load; what was accepted before stays, and loading again is safe."""


class FileError(LoadError):
    """A file is missing or is none that can be loaded; the line names the place in it."""


class KeyRefusedError(LoadError):
    """Ingest does not take this key."""


class IngestDownError(LoadError):
    """Ingest or ClickHouse stayed away longer than the loader waits."""

    exit_code = 6


class BatchRefusedError(Exception):
    """Ingest refuses this batch for good: nothing of it was kept."""


class NotNowError(Exception):
    """The same batch may be taken later; `retry_after` is what ingest asked for, in seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0, *, may_be_kept: bool = False) -> None:
        """`may_be_kept`: the answer was lost, so the batch may have been accepted."""
        super().__init__(reason)
        self.retry_after = retry_after
        self.may_be_kept = may_be_kept
