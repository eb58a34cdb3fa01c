"""Who asks: credentials from headers or the URL against the users of the front."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stack.clickhouse.errors import AUTHENTICATION_FAILED, QueryError, refused


@dataclass(frozen=True)
class User:
    """A name and its password; readonly users may look at what is stored, nothing else."""

    name: str
    password: str
    is_readonly: bool = False


def authenticate(
    users: Sequence[User], headers: Mapping[str, str], params: Mapping[str, str]
) -> User:
    """The user named by X-ClickHouse-User, Basic or URL; 516 without saying what was wrong."""
    name, password = _credentials(headers, params)
    name = name or "default"
    for user in users:
        if hmac.compare_digest(user.name.encode(), name.encode()) and hmac.compare_digest(
            user.password.encode(), password.encode()
        ):
            return user
    raise _failed(name)


def _failed(name: str) -> QueryError:
    return refused(
        AUTHENTICATION_FAILED,
        f"{name}: Authentication failed: password is incorrect,"
        " or there is no user with such name.",
    )


def _credentials(headers: Mapping[str, str], params: Mapping[str, str]) -> tuple[str, str]:
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return headers.get("x-clickhouse-user", ""), headers.get("x-clickhouse-key", "")
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _failed("") from error
        return name, password
    return params.get("user", ""), params.get("password", "")
