"""Who is told: the JSON of `gosight.alert_rules.channels`, read strictly (spec 003 §4.5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.alerts.conditions import RuleError
from orchestration.alerts.post import receiver_of

# Type -> the fields it must have, and those it may have.
FIELDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "webhook": (frozenset({"url"}), frozenset({"secret"})),
    "slack": (frozenset({"url"}), frozenset()),
    "telegram": (frozenset({"chat_id"}), frozenset()),
    "email": (frozenset({"to"}), frozenset()),
}
# Receivers tell a message that comes twice by its id; a chat shows it twice.
REPEATABLE = frozenset({"webhook", "email"})
# One address or several, with plain names or without: other headers make the parser of mails fail.
_WORD = r"[^\s@,;:?<>()\[\]\\\".][^\s@,;:?<>()\[\]\\\"]*"
_ADDRESS = f"{_WORD}@{_WORD}"
_RECEIVER = rf"(?:{_ADDRESS}|\w[\w .'-]*<{_ADDRESS}>)"
MAIL_ADDRESS = re.compile(_ADDRESS)
MAIL_RECEIVERS = re.compile(rf"{_RECEIVER}(?:, *{_RECEIVER})*")


@dataclass(frozen=True)
class Channel:
    """One receiver; `fields` as FIELDS has them."""

    kind: str
    fields: Mapping[str, str]

    @property
    def is_repeatable(self) -> bool:
        """Whether a message whose fate is unknown may be sent again."""
        return self.kind in REPEATABLE


def channels_of(given: Any) -> tuple[Channel, ...]:
    """RuleError when one is unknown or incomplete."""
    if not isinstance(given, list):
        raise RuleError("channels is no JSON list")
    return tuple(channel_of(one) for one in given)


def channel_of(given: Any) -> Channel:
    """RuleError says what is wrong."""
    kind = str(given.get("type")) if isinstance(given, Mapping) else ""
    if kind not in FIELDS:
        raise RuleError(f"a channel's type is one of {', '.join(FIELDS)}")
    needed, allowed = FIELDS[kind]
    fields = {str(name): str(value) for name, value in given.items() if name != "type"}
    if missing := sorted(name for name in needed if not fields.get(name)):
        raise RuleError(f"a {kind} needs {missing[0]}")
    if unknown := sorted(fields.keys() - needed - allowed):
        raise RuleError(f"a {kind} has no {unknown[0]}")
    _check(kind, fields)
    return Channel(kind, fields)


def _check(kind: str, fields: Mapping[str, str]) -> None:
    """RuleError when nothing could be sent there."""
    if "url" in fields:
        try:
            receiver_of(fields["url"])
        except ValueError as error:
            raise RuleError(f"the url of a {kind}: {error}") from None
    if kind == "email" and not MAIL_RECEIVERS.fullmatch(fields["to"]):
        raise RuleError(f"{fields['to']!r} is no e-mail address")
