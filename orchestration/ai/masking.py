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
# What stands behind one of these in a path names somebody, unless it is one of the places there.
_PEOPLE = re.compile(
    r"(account|author|client|contact|customer|employee|friend|guest|member|patient|profile|student"
    r"|user)s?|people|person|u",
    re.IGNORECASE,
)
_PLACES = re.compile(
    r"activate|add|all|billing|create|dashboard|delete|edit|forgot|home|index|invite|list|log(in|out)"
    r"|me|new|notifications|orders|overview|password|preferences|privacy|profile|register|reset"
    r"|search|security|settings|sign[-_]?(in|up|out)|verify",
    re.IGNORECASE,
)
_SEGMENT = re.compile(r"[^/?]+")
_ID = re.compile(r"\d+|[0-9a-f]{8,}|[0-7][0-9a-hjkmnp-tv-z]{25}", re.IGNORECASE)


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


def masked_path(path: str) -> str:
    """Of a page: also without ids of any length, `@names`, and whom `/users/…` names.

    What a project calls its people otherwise, its setting `paths.id_rules` takes out of the marts.
    """
    before = ""

    def shown(found: re.Match[str]) -> str:
        nonlocal before
        segment, behind = found[0], before
        before = segment
        is_name = _PEOPLE.fullmatch(behind) and not _PLACES.fullmatch(segment)
        if is_name or segment[0] in "@~":
            return ":name"
        return ":id" if _ID.fullmatch(segment) else segment

    return _SEGMENT.sub(shown, masked(path))
