"""What a statement may do: read-only users, GET requests, and what only a client can do."""

from collections.abc import Mapping
from itertools import pairwise

from stack.clickhouse.engine import Connection
from stack.clickhouse.errors import ACCESS_DENIED, NOT_IMPLEMENTED, READONLY, SYNTAX_ERROR, refused
from stack.clickhouse.request import Request
from stack.clickhouse.statement import Kind, Statement
from stack.clickhouse.tokens import Token, tokens

GET_IS_READONLY = (
    "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly."
    " You should use method POST for modifying queries."
)
# The reader's role keeps the engine from reaching outside, but for these, which need no right.
OUTSIDE_FUNCTIONS = {"file", "python", "eval", "catboostevaluate", "generatesql"}
AI_PREFIX = "ai"  # aiGenerate and the like send what they are given to a service
FREE = {b"SET", b"USE"}
FENCE = {b"ROLE", b"DIALECT"}  # in a SET: other rights; another language than the one read here


def check(statement: Statement, settings: Mapping[str, str]) -> None:
    """What no request may do."""
    if not statement.keyword and not statement.text.strip():
        raise refused(SYNTAX_ERROR, "Empty query.")
    if "dialect" in settings:
        raise refused(NOT_IMPLEMENTED, "The setting 'dialect' is not supported: write SQL.")
    if statement.has_many:
        raise refused(SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed).")
    if statement.names_file:
        raise refused(
            NOT_IMPLEMENTED, "INTO OUTFILE and FROM INFILE name files of the client: use FORMAT."
        )


def check_request(connection: Connection, request: Request, statement: Statement) -> None:
    """164 for a writing statement in a GET, or under readonly=1 in the URL."""
    is_readonly = request.method in {"GET", "HEAD"} or request.params.get("readonly", "0") != "0"
    if is_readonly and _writes(connection, statement):
        raise refused(READONLY, GET_IS_READONLY)


def check_reader(connection: Connection, statement: Statement) -> None:
    """For read-only users: only what reads, and only what is stored here."""
    is_set = statement.keyword == b"SET"
    is_fence = is_set and any(token.keyword in FENCE for token in tokens(statement.sql))
    if is_fence or _writes(connection, statement):
        raise refused(READONLY, "Cannot execute query in readonly mode.")
    for token, following in pairwise(tokens(statement.sql)):
        if token.text[:1] == b"$" or (token.kind == "other" and token.text >= b"\x80"):
            # Curly quotes, wide spaces and here-documents: ways to hide a name from this check.
            raise refused(SYNTAX_ERROR, "Write strings and names in plain quotes.")
        if following.text == b"(" and _reaches_out(_name(token)):
            raise refused(ACCESS_DENIED, f"Not enough privileges to use {_name(token)}().")


def _writes(connection: Connection, statement: Statement) -> bool:
    if statement.kind is Kind.INSERT_DATA:
        return True
    return statement.keyword not in FREE and connection.writes(statement.sql)


def _name(token: Token) -> str:
    if token.kind == "word":
        return token.text.decode()
    if token.kind != "quoted":
        return ""
    inside = token.text[1:-1]
    # An escaped letter may hide a name: nobody writes a function's name like that.
    return "file" if b"\\" in inside else inside.decode("utf-8", "replace")


def _reaches_out(name: str) -> bool:
    is_ai = name[:2].lower() == AI_PREFIX and name[2:3].isupper()
    return is_ai or name.lower() in OUTSIDE_FUNCTIONS
