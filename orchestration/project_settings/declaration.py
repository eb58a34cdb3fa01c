"""What a setting is: its name, its default and which values it may have."""

import re
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from zoneinfo import available_timezones

Value: TypeAlias = bool | int | str | list[str] | None
"""As JSON has it. None: without a limit."""

_NAME = re.compile(r"[\w.-]{1,100}")
MAX_PATTERNS = 50
MAX_PATTERN_CHARS = 200


class SettingError(Exception):
    """A name or value that is not allowed; one line says which, and what would be."""


class Kind(Protocol):
    """Which values are allowed."""

    def allows(self, value: object) -> bool:
        """Whether a value, as read from JSON, may be set."""

    def parse(self, texts: list[str]) -> object:
        """The value that a person wrote; `texts`: all that was given under the name."""

    @property
    def described(self) -> str:
        """Completes the sentence "must be …"."""


@dataclass(frozen=True)
class Integer:
    """Both bounds are inclusive. `or_none`: may be without a limit, written `none`."""

    at_least: int
    at_most: int
    or_none: bool = False

    def allows(self, value: object) -> bool:
        if value is None:
            return self.or_none
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return self.at_least <= value <= self.at_most

    def parse(self, texts: list[str]) -> object:
        text = texts[-1]
        if text == "none":
            return None
        try:
            return int(text) if text.isascii() and "_" not in text else text
        except ValueError:
            return text

    @property
    def described(self) -> str:
        none = " or none" if self.or_none else ""
        return f"an integer from {self.at_least:,} to {self.at_most:,}{none}"


@dataclass(frozen=True)
class Truth:
    """A switch."""

    def allows(self, value: object) -> bool:
        return isinstance(value, bool)

    def parse(self, texts: list[str]) -> object:
        return {"true": True, "false": False}.get(texts[-1], texts[-1])

    @property
    def described(self) -> str:
        return "true or false"


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    among: tuple[str, ...]

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and value in self.among

    def parse(self, texts: list[str]) -> object:
        return texts[-1]

    @property
    def described(self) -> str:
        return " or ".join(self.among)


@dataclass(frozen=True)
class TimeZone:
    """An IANA name that the engine knows as well."""

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and value in available_timezones()

    def parse(self, texts: list[str]) -> object:
        return texts[-1]

    @property
    def described(self) -> str:
        return "an IANA time zone such as Europe/Berlin"


@dataclass(frozen=True)
class Patterns:
    """Regular expressions, each given by a NAME=VALUE of its own; an empty one: none.

    Their syntax is RE2's, which only the engine that runs them can judge (`stored.check_patterns`).
    """

    of: str
    """What one of them is matched against."""

    def allows(self, value: object) -> bool:
        return (
            isinstance(value, list)
            and len(value) <= MAX_PATTERNS
            and all(isinstance(one, str) and self._is_allowed(one) for one in value)
        )

    def parse(self, texts: list[str]) -> object:
        return [] if texts == [""] else texts

    @property
    def described(self) -> str:
        return (
            f"up to {MAX_PATTERNS} regular expressions of at most {MAX_PATTERN_CHARS} printable"
            f" characters for {self.of}, without /"
        )

    @staticmethod
    def _is_allowed(pattern: str) -> bool:
        return (
            0 < len(pattern) <= MAX_PATTERN_CHARS and "/" not in pattern and pattern.isprintable()
        )


@dataclass(frozen=True)
class Names:
    """Names of custom dimensions in order, each given by a NAME=VALUE of its own; empty: none."""

    at_most: int

    def allows(self, value: object) -> bool:
        return (
            isinstance(value, list)
            and len(value) <= self.at_most
            and all(isinstance(one, str) and _NAME.fullmatch(one) for one in value)
        )

    def parse(self, texts: list[str]) -> object:
        return [] if texts == [""] else texts

    @property
    def described(self) -> str:
        return f"up to {self.at_most} names of 1 to 100 letters, digits, `_`, `-` and `.`"


@dataclass(frozen=True)
class Setting:
    """One setting. `source`: the file its default stands in; `effect`: what it changes."""

    name: str
    kind: Kind
    unit: str
    effect: str
    default: Value
    source: str

    def checked(self, value: object) -> Value:
        """The value, if it is allowed; else SettingError."""
        if not self.kind.allows(value):
            raise SettingError(f"{self.name} must be {self.kind.described}, not {_shown(value)}")
        return value  # type: ignore[return-value] # a kind allows its own values alone

    def parsed(self, texts: list[str]) -> Value:
        """The value a person wrote, if it is allowed; else SettingError."""
        return self.checked(self.kind.parse(texts))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
