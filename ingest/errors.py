"""Errors of ingest: refusals that a client is told of, and store failures that landing acts on."""

import math
from enum import Enum


class IngestError(Exception):
    """Root of all errors that ingest raises itself."""


class SettingsError(IngestError):
    """The environment holds a value that ingest cannot use."""


class RefusalError(IngestError):
    """The whole batch is refused: nothing of it was kept. The text is sent to the client."""


class UnauthenticatedError(RefusalError):
    """No key, or one that is unknown, switched off, expired or not allowed to write."""


class ForbiddenError(RefusalError):
    """The key is good, but not for this: another project, or a page of a foreign domain."""


class MalformedBatchError(RefusalError):
    """The body is no EventBatch in the form its headers announce."""


class UnsupportedBodyError(RefusalError):
    """The body's content type or coding is none that ingest reads."""


class BatchTooLargeError(RefusalError):
    """Too many events or bytes: send smaller batches."""


class SlowBodyError(RefusalError):
    """The body did not come to its end in time: send it again."""


class UnavailableError(RefusalError):
    """Not now: the spool is full or keys cannot be checked. Send the same batch again later."""

    retry_after_seconds = 5


class StoreError(IngestError):
    """A write to a store failed."""


class StoreDownError(StoreError):
    """For a passing reason, or one that no event is to blame for: wait and repeat."""


class RefusedByStoreError(StoreError):
    """For a lasting reason that lies in the rows sent: repeating cannot help."""


class RateLimitedError(RefusalError):
    """The key has sent its batches of this second. Send the same batch again after the wait."""

    def __init__(self, text: str, wait_seconds: float) -> None:
        super().__init__(text)
        self.retry_after_seconds = max(1, math.ceil(wait_seconds))
        self.wait_seconds = wait_seconds


class Status(Enum):
    """What a refusal is at each door: HTTP status, name of the gRPC code."""

    UNAUTHENTICATED = (401, "UNAUTHENTICATED")
    FORBIDDEN = (403, "PERMISSION_DENIED")
    MALFORMED = (400, "INVALID_ARGUMENT")
    UNSUPPORTED = (415, "INVALID_ARGUMENT")
    TOO_LARGE = (413, "INVALID_ARGUMENT")
    TOO_SLOW = (408, "DEADLINE_EXCEEDED")
    UNAVAILABLE = (503, "UNAVAILABLE")
    RATE_LIMITED = (429, "RESOURCE_EXHAUSTED")

    @property
    def http(self) -> int:
        """The HTTP status."""
        return self.value[0]

    @property
    def grpc(self) -> str:
        """The name of the member of grpc.StatusCode."""
        return self.value[1]


_STATUS: dict[type[RefusalError], Status] = {
    UnauthenticatedError: Status.UNAUTHENTICATED,
    ForbiddenError: Status.FORBIDDEN,
    MalformedBatchError: Status.MALFORMED,
    UnsupportedBodyError: Status.UNSUPPORTED,
    BatchTooLargeError: Status.TOO_LARGE,
    SlowBodyError: Status.TOO_SLOW,
    UnavailableError: Status.UNAVAILABLE,
    RateLimitedError: Status.RATE_LIMITED,
}


def status_of(refusal: RefusalError) -> Status:
    """One table for both doors, so that they cannot disagree."""
    return _STATUS[type(refusal)]
