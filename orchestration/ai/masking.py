"""What of a text may leave the warehouse: its shape, not what people wrote into it. Pure."""

import re

MAX_CHARACTERS = 200
_EMAIL = re.compile(r"[^\s@/]+(?:@|%40)[^\s@/]+\.[^\s@/]+", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|“[^”]*”")
_LONG_NUMBER = re.compile(r"\d[\d .-]{2,}\d")
_LONG_ID = re.compile(r"\b[0-9a-fA-F]{8}[0-9a-fA-F-]{4,}\b")
_QUERY = re.compile(r"\?[^\s#]*")
# Sign-ins come back with `#access_token=…`; a selector has its `=` in brackets.
_FRAGMENT = re.compile(r"#[^\s\[\]=#]*=\S*")
_SPACE = re.compile(r"\s+")


def masked(text: str) -> str:
    """Without addresses, quotations, long numbers, ids, query strings, values behind `#`; cut."""
    for pattern, stand_in in (
        (_QUERY, "?…"),
        (_FRAGMENT, "#…"),
        (_EMAIL, "[email]"),
        (_QUOTED, "[quoted]"),
        (_LONG_ID, "[id]"),
        (_LONG_NUMBER, "[number]"),
        (_SPACE, " "),
    ):
        text = pattern.sub(stand_in, text)
    return text.strip()[:MAX_CHARACTERS]
