"""Replay JSON made what every reader takes: recorders cut texts and nest pages deep."""

import codecs
import re

import orjson

# Escapes one by one, so that an escaped backslash before a `u` is none of them.
_ESCAPE = re.compile(
    rb"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|(?P<nul>u0000)|.)",
    re.DOTALL,
)
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)

KEPT_LEVELS = 4
"""A payload's array, an event, its data and what is in it: more is not asked of a deep page."""

MAX_LEVELS = 10_000
"""PostgreSQL reads some 15,000 before its stack is at an end, and then the statement with it."""


class TooDeepError(Exception):
    """More than MAX_LEVELS of brackets within brackets."""


def repaired(plain: bytes) -> bytes:
    """The text without halves of surrogate pairs, escaped NUL and bytes that are no UTF-8.

    A text cut within an emoji is JSON by its grammar, but most readers refuse all of it. A byte
    order mark goes, too.
    """
    plain = plain.removeprefix(codecs.BOM_UTF8)
    try:
        plain.decode()
    except UnicodeDecodeError:
        plain = plain.decode(errors="replace").encode()
    return _ESCAPE.sub(_mended, plain) if _SUSPICIOUS.search(plain) else plain


def parsed(plain: bytes) -> object:
    """What a repaired text says; of one nested too deep for the parser, its first levels.

    Raises orjson.JSONDecodeError, TooDeepError.
    """
    try:
        return orjson.loads(plain)
    except orjson.JSONDecodeError:
        return orjson.loads(outline(plain))


def outline(plain: bytes) -> bytes:
    """The text with null in place of what is nested deeper than KEPT_LEVELS. In linear time.

    Raises TooDeepError.
    """
    parts: list[bytes] = []
    depth = begin = 0
    for token in _TOKEN.finditer(plain):
        mark = token[0]
        if mark in (b"[", b"{"):
            depth += 1
            if depth > MAX_LEVELS:
                raise TooDeepError
            if depth == KEPT_LEVELS + 1:
                parts.append(plain[begin : token.start()] + b"null")
        elif mark in (b"]", b"}"):
            if depth == KEPT_LEVELS + 1:
                begin = token.end()
            depth -= 1
    # A deep part without an end leaves the text without one, too.
    return b"".join(parts) if depth > KEPT_LEVELS else b"".join([*parts, plain[begin:]])


def _mended(escape: re.Match[bytes]) -> bytes:
    if escape["half"]:
        return b"\\ufffd"
    return b"" if escape["nul"] else escape[0]
