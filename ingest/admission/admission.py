"""Who may send a batch: a key that may write, from a page its project allows, within its limit."""

from ingest.admission.keys import ApiKey, Keys
from ingest.admission.limits import Limits
from ingest.admission.origins import is_allowed
from ingest.admission.usage import Usage
from ingest.errors import ForbiddenError


class Admission:
    """One answer for both doors."""

    def __init__(
        self, keys: Keys, limits: Limits | None = None, usage: Usage | None = None
    ) -> None:
        self._keys = keys
        self._limits = limits or Limits("")
        self._usage = usage

    async def row_of(self, key: str, permission: str) -> ApiKey:
        """As `Keys.row_of`: of a key that asks, and sends nothing."""
        return await self._keys.row_of(key, permission)

    async def admit(self, key: str, page_host: str | None) -> ApiKey:
        """The key's row, which says whose a batch is; `page_host` None: no browser sent it.

        UnauthenticatedError, ForbiddenError for a page of another domain, RateLimitedError, or
        UnavailableError while the key cannot be checked.
        """
        row = await self._keys.row_of(key)
        if not is_allowed(page_host, row.allowed_domains):
            raise ForbiddenError("pages of this domain may not send to the project")
        await self._limits.take(row)
        if self._usage is not None:
            self._usage.count(row.key_hash)
        return row
