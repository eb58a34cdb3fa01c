"""Where messages may go."""

import hashlib
import hmac

import pytest

from orchestration.alerts.post import FailedError, RefusedError, post
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
