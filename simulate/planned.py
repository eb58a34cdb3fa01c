"""What a truth is made of: insights, page views, requests and recordings as they were planned."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Planned:
    """One insight row that the session must get. `at` = its first event, ms since the epoch.

    Not `charged`: found, but its click is charged to a graver signal (rage, then error, then dead).
    `count`: clicks of a burst, errors of an error click, else 1. `grade`: of a dead click.
    """

    kind: str
    at: int
    path: str
    selector: str = ""
    count: int = 1
    charged: bool = True
    grade: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A row of `insights` in a truth file."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, dated when it ended."""

    method: str
    endpoint: str
    status: int
    at: int
    duration_ms: int | None  # none: what was told cannot be
    is_aborted: bool = False  # cut off by leaving the page

    @property
    def is_failed(self) -> bool:
        """No answer, or the server's fault."""
        return not self.is_aborted and (self.status == 0 or self.status >= 500)

    @property
    def is_measured(self) -> bool:
        """Tells how well the server answers."""
        return not self.is_aborted and (self.is_failed or self.duration_ms is not None)


@dataclass(slots=True)
class View:
    """One page view and what was told of it. Times in ms, CLS in thousandths, depths in percent."""

    at: int
    path: str
    clicks: int = 0
    errors: int = 0
    depth: int | None = None
    exit_at: int | None = None
    exit_depth: int | None = None
    time_on_page_ms: int | None = None
    lcp: int | None = None
    fid: int | None = None
    inp: int | None = None
    cls_thousandths: int | None = None
    fcp: int | None = None
    ttfb: int | None = None
    load_complete: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """A row of `views` in a truth file, without what nothing was told of."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(slots=True)
class Told:
    """What the SDK and the product say of a session as a whole; '' and None: nothing."""

    device_id: str = ""
    is_new_user: bool | None = None
    end_reason: str = ""
    country_code: str = ""  # a custom dimension
    traits: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """A session's replay: payloads and rrweb events sent, and when the first and last happened."""

    payloads: int
    events: int
    first_at: int
    last_at: int
