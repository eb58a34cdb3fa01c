"""What an erasure looks for: ids, and the texts that hold them."""

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.sinks.split import parts

# Session ids in one statement.
CHUNK = 2_000
# Of a user with many sessions, only these are looked for within longer texts.
IN_TEXTS = 200
# A shorter id is a word of any text: it is looked for in columns that name a person, alone.
TELLING_CHARACTERS = 6
PERSON = re.compile(r"user|visitor|person|customer|account|distinct|author|actor|email", re.I)


@dataclass(frozen=True)
class Trace:
    """Of one project; session ids are canonical, those cut out of visitors and the visitors'."""

    project_id: str
    user_id: str | None
    sessions: tuple[str, ...]

    def chunks(self) -> Iterator[Sequence[str]]:
        """Sessions, as many as a statement holds at a time."""
        return parts(self.sessions, CHUNK)

    @property
    def user_uuid(self) -> str | None:
        """The user's id in `hxi.users`."""
        named = self.user_id
        return str(uuid.uuid5(uuid.UUID(self.project_id), named)) if named else None

    @property
    def ids(self) -> tuple[str, ...]:
        """All that may be the whole value of a column: sessions, and the user where it tells."""
        user = (self.user_id,) if self.user_id and self.tells else ()
        return (*self.sessions, *user, *((self.user_uuid,) if self.user_uuid else ()))

    @property
    def tells(self) -> bool:
        """Whether the user's id is long enough to be nothing else wherever it stands."""
        return self.user_id is not None and len(self.user_id) >= TELLING_CHARACTERS

    @property
    def needles(self) -> tuple[str, ...]:
        """What may stand within a text: session ids, the user's as a value of JSON."""
        user = (f'"{self.user_id}"',) if self.user_id and self.tells else ()
        return (*self.sessions[:IN_TEXTS], *user)

    def ids_of(self, column: str) -> tuple[str, ...]:
        """What may be the value of a column of this name."""
        is_short = self.user_id is not None and not self.tells
        return (*self.ids, str(self.user_id)) if is_short and PERSON.search(column) else self.ids
