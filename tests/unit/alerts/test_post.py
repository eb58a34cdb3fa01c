"""Where messages may go."""

import hashlib
import hmac
import socket
import threading
import time
from contextlib import suppress

import pytest

from orchestration.alerts.post import FailedError, RefusedError, UnknownError, post
from orchestration.alerts.senders import signature


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:9/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
    ],
)
def test_a_receiver_in_a_private_network_is_refused_unless_allowed(url: str) -> None:
    with pytest.raises(RefusedError, match="HXI_ALERTS_ALLOW_PRIVATE"):
        post(url, b"", {}, allow_private=False)


def test_a_receiver_that_is_not_there_may_be_tried_again() -> None:
    with pytest.raises(FailedError, match="cannot be reached"):
        post("http://127.0.0.1:9/", b"", {}, allow_private=True)


def test_a_signature_covers_the_time_and_the_body() -> None:
    expected = hmac.new(b"secret", b"12.{}", hashlib.sha256).hexdigest()
    assert signature("secret", 12, b"{}") == f"t=12,v1={expected}"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://a..b/", FailedError),
        (f"http://{'a' * 70}.test/", FailedError),
        ("http://x:99999/", RefusedError),
        ("http://[::1/", RefusedError),
        ("http://127.0.0.1:abc/", RefusedError),
    ],
)
def test_an_address_that_is_none_is_told_as_one(url: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        post(url, b"", {}, allow_private=True)


@pytest.mark.parametrize(
    "begun",
    [
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
    ],
)
def test_an_answer_that_drips_is_given_up_in_time(begun: bytes) -> None:
    """Each byte comes in time for the connection, the answer as a whole does not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=_drip, args=(server, begun))
        dripping.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        began = time.monotonic()
        with pytest.raises(UnknownError):
            post(url, b"{}", {}, allow_private=True, seconds=0.5)
        assert time.monotonic() - began < 5
        dripping.join()


def _drip(server: socket.socket, begun: bytes) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.sendall(begun)
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.1)
