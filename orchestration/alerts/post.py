"""A POST to an address that people wrote into a rule: never into the network it is sent from.

The name is resolved once, and what is connected to is what was checked; redirects are not followed.
"""

import socket
import time
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import urllib3

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

    RefusedError, FailedError or UnknownError else.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(host, port, allow_private=allow_private)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _pool(parts.scheme, host, address, port, seconds) as pool:
        try:
            answer = pool.urlopen(
                "POST",
                path,
                body=body,
                headers={"Host": parts.netloc.rpartition("@")[2], **headers},
                preload_content=False,
            )
            said = _read(answer, host, time.monotonic() + seconds)
        except (urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ProtocolError) as error:
            raise UnknownError(f"{host} did not answer: {error}") from error
        except urllib3.exceptions.HTTPError as error:
            raise FailedError(f"{host} cannot be reached: {error}") from error
    if answer.status >= 300:
        kind = FailedError if answer.status in (408, 425, 429) or answer.status >= 500 else None
        raise (kind or RefusedError)(f"{host} answered {answer.status}")
    return said


def _read(answer: urllib3.BaseHTTPResponse, host: str, deadline: float) -> bytes:
    """In time as a whole: the time-out of a connection is of each read, and bytes may drip."""
    said = b""
    while len(said) < MAX_ANSWER_BYTES and (part := answer.read1(MAX_ANSWER_BYTES - len(said))):
        said += part
        if time.monotonic() > deadline:
            raise UnknownError(f"{host} answers too slowly")
    return said


def _address(host: str, port: int, *, allow_private: bool) -> str:
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise FailedError(f"{host} has no address: {error}") from error
    if not allow_private and not all(ip_address(one).is_global for one in found):
        raise RefusedError(
            f"{host} is in a private network:"
            " HXI_ALERTS_ALLOW_PRIVATE=1 (of models: HXI_AI_ALLOW_PRIVATE=1) allows such receivers"
        )
    return min(found)


def _pool(
    scheme: str, host: str, address: str, port: int, seconds: float
) -> urllib3.HTTPConnectionPool:
    timeout, retries = (
        urllib3.Timeout(total=seconds),
        urllib3.Retry(total=False, redirect=False),
    )
    if scheme == "https":
        return urllib3.HTTPSConnectionPool(
            address,
            port,
            timeout=timeout,
            retries=retries,
            server_hostname=host,
            assert_hostname=host,
        )
    return urllib3.HTTPConnectionPool(address, port, timeout=timeout, retries=retries)
