"""A POST to an address that people wrote into a rule: never into the network it is sent from.

The name is resolved once, and what is connected to is what was checked; redirects are not followed.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from ipaddress import ip_address

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 1 << 20


class RefusedError(Exception):
    """Not sent, and another attempt will not help; the text says why."""


class FailedError(Exception):
    """Not received for certain; worth another attempt."""


class UnknownError(Exception):
    """Sent, but nobody said whether it was received."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    seconds: float = TIMEOUT_SECONDS,
) -> bytes:
    """What the receiver answered with success, its first megabyte.

    RefusedError, FailedError or UnknownError else. It takes `seconds` to connect and as many for
    the rest, at most.
    """
    try:
        target = receiver_of(url)
    except ValueError as error:
        raise RefusedError(str(error)) from None
    host, port = bare_host(target), target.port or (443 if target.scheme == "https" else 80)
    address = _address(host, port, allow_private=allow_private)
    with closing(_connection(target, host, address, port, seconds)) as connection:
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            raise FailedError(f"{host} cannot be reached: {error}") from error
        status, said = _exchange(connection, target, body, headers, seconds)
    if status >= 300:
        kind = FailedError if status in (408, 425, 429) or status >= 500 else RefusedError
        raise kind(f"{host} answered {status}")
    return said


def receiver_of(url: str) -> Url:
    """ValueError when it is no address of HTTP, without the address: it may be a secret."""
    with suppress(LocationParseError):
        target = parse_url(url)
        if target.scheme in ("http", "https") and target.host and target.port != 0:
            return target
    raise ValueError("it is no http or https address")


def bare_host(target: Url) -> str:
    """A name, or an address without the brackets of version 6."""
    return (target.host or "").strip("[]")


def _exchange(
    connection: HTTPConnection, target: Url, body: bytes, headers: Mapping[str, str], seconds: float
) -> tuple[int, bytes]:
    host = bare_host(target)
    try:
        with _in_time(connection, seconds) as is_over:
            connection.request(
                "POST",
                target.request_uri,
                body=body,
                headers={"Host": target.netloc or "", **headers},
                preload_content=False,
            )
            answer = connection.getresponse()
            said = answer.read(MAX_ANSWER_BYTES)
    except (HTTPError, HTTPException, OSError) as error:
        raise UnknownError(f"{host} did not answer: {error}") from error
    if is_over.is_set():  # what was cut off may look like an end
        raise UnknownError(f"{host} answers too slowly")
    return answer.status, said


@contextmanager
def _in_time(connection: HTTPConnection, seconds: float) -> Iterator[threading.Event]:
    """Hangs up afterwards: the time-out of a connection is of each read, and bytes may drip."""
    is_over = threading.Event()
    sock = connection.sock  # the connection forgets it when the answer is its last
    assert sock is not None  # noqa: S101 - connected

    def hang_up() -> None:
        is_over.set()
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # of TCP: TLS would wait for its end

    clock = threading.Timer(seconds, hang_up)
    clock.start()
    try:
        yield is_over
    finally:
        clock.cancel()
        clock.join()


def _address(host: str, port: int, *, allow_private: bool) -> str:
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:  # a label may be too long or empty
        raise FailedError(f"{host} has no address: {error}") from error
    if not allow_private and not all(ip_address(one).is_global for one in found):
        raise RefusedError(
            f"{host} is in a private network:"
            " HXI_ALERTS_ALLOW_PRIVATE=1 (of models: HXI_AI_ALLOW_PRIVATE=1) allows such receivers"
        )
    return min(found)


def _connection(target: Url, host: str, address: str, port: int, seconds: float) -> HTTPConnection:
    if target.scheme == "https":
        return HTTPSConnection(address, port, timeout=seconds, server_hostname=host)
    return HTTPConnection(address, port, timeout=seconds)
