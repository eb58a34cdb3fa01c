"""Errors as ClickHouse's HTTP interface reports them: code, text, status, mid-stream block."""

import re
from http import HTTPStatus

CODE = re.compile(r"Code: (\d+)\. ")

SYNTAX_ERROR = 62
UNKNOWN_DATABASE = 81
TOO_LARGE_QUERY = 291
READONLY = 164
NOT_ENOUGH_SPACE = 243
QUERY_WITH_SAME_ID = 216
REQUIRED_PASSWORD = 194
SESSION_NOT_FOUND = 372
SESSION_IS_LOCKED = 373
INVALID_SESSION_TIMEOUT = 374
CANNOT_DECOMPRESS = 271
QUERY_WAS_CANCELLED = 394
BAD_REQUEST_PARAMETER = 36
ACCESS_DENIED = 497
AUTHENTICATION_FAILED = 516
NOT_IMPLEMENTED = 48
UNKNOWN_EXCEPTION = 1002

# The classes and their members are those of ClickHouse's HTTP handler; every other code is 500.
STATUS_OF_CODES: dict[HTTPStatus, tuple[int, ...]] = {
    HTTPStatus.UNAUTHORIZED: (194,),
    HTTPStatus.FORBIDDEN: (164, 192, 193, 497, 512, 516),
    HTTPStatus.NOT_FOUND: (46, 47, 50, 56, 60, 63, 73, 78, 81, 99, 115, 511),
    HTTPStatus.REQUEST_TIMEOUT: (159,),
    HTTPStatus.LENGTH_REQUIRED: (381,),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (291, 446),
    HTTPStatus.NOT_IMPLEMENTED: (48,),
    HTTPStatus.SERVICE_UNAVAILABLE: (76, 209, 210, 439),
    HTTPStatus.BAD_REQUEST: (
        *(6, 25, 26, 27, 32, 36, 38, 41, 43, 53, 61, 62, 67, 69, 72, 117, 130, 131, 167),
        *(168, 169, 321, 374, 377, 427, 441, 456, 457, 675, 676),
    ),
}
STATUS = {code: status for status, codes in STATUS_OF_CODES.items() for code in codes}
NAMES = {
    UNKNOWN_DATABASE: "UNKNOWN_DATABASE",
    SYNTAX_ERROR: "SYNTAX_ERROR",
    READONLY: "READONLY",
    NOT_ENOUGH_SPACE: "NOT_ENOUGH_SPACE",
    QUERY_WITH_SAME_ID: "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
    REQUIRED_PASSWORD: "REQUIRED_PASSWORD",
    SESSION_NOT_FOUND: "SESSION_NOT_FOUND",
    SESSION_IS_LOCKED: "SESSION_IS_LOCKED",
    INVALID_SESSION_TIMEOUT: "INVALID_SESSION_TIMEOUT",
    CANNOT_DECOMPRESS: "CANNOT_DECOMPRESS",
    QUERY_WAS_CANCELLED: "QUERY_WAS_CANCELLED",
    BAD_REQUEST_PARAMETER: "BAD_ARGUMENTS",
    ACCESS_DENIED: "ACCESS_DENIED",
    AUTHENTICATION_FAILED: "AUTHENTICATION_FAILED",
    NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    TOO_LARGE_QUERY: "QUERY_IS_TOO_LARGE",
}


class QueryError(Exception):
    """A failure the client is told about; `text` starts with `Code: N.` and ends without a tail."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status ClickHouse gives to this code."""
        return STATUS.get(self.code, HTTPStatus.INTERNAL_SERVER_ERROR)

    def body(self, version: str) -> bytes:
        """The text as a client gets it; clients cut the tail off again at ` (version`."""
        return f"{self.text} (version {version} (official build))\n".encode(
            "utf-8", "surrogateescape"
        )


class ClientGoneError(Exception):
    """Nobody is left to answer."""


def refused(code: int, message: str) -> QueryError:
    """An error of the front itself, worded like the engine's."""
    return QueryError(code, f"Code: {code}. DB::Exception: {message} ({NAMES[code]})")


def from_engine(error: Exception) -> QueryError:
    """The engine raises RuntimeError with its whole message; the code is in the text."""
    text = str(error)
    found = CODE.search(text)
    if not found:
        return QueryError(UNKNOWN_EXCEPTION, f"Code: {UNKNOWN_EXCEPTION}. DB::Exception: {text}")
    return QueryError(int(found[1]), text[found.start() :])


def exception_block(text: bytes, tag: str) -> bytes:
    """What ends a body that had already begun: clients search it for the tag of the header."""
    message = text.rstrip(b"\n") + b"\n"
    mark = tag.encode()
    return b"\r\n__exception__\r\n%b\r\n%b%d %b\r\n__exception__\r\n" % (
        mark,
        message,
        len(message),
        mark,
    )
