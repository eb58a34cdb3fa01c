"""Whose address counts behind proxies, and how much of it is kept."""

import pytest

from ingest.geo.addresses import anonymous, client_address, networks_of

PROXIES = networks_of("10.0.0.0/8, 192.0.2.7, 2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody to trust: anyone writes headers
        ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.1.2.3", "6.6.6.6, 198.51.100.1:4711", "198.51.100.1"),
        ("10.1.2.3", "[2606:4700::1111]:443", "2606:4700::1111"),
        ("10.1.2.3", "10.0.0.4", "10.0.0.4"),
        ("10.1.2.3", "nonsense", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("2001:db8::1", '"2606:4700::1111"', "2606:4700::1111"),
        ("::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_right_most_untrusted_address_is_the_clients(
    peer: str, forwarded: str, address: str
) -> None:
    assert str(client_address(peer, forwarded, PROXIES)) == address


def test_a_peer_that_cannot_be_read_is_nobody() -> None:
    assert client_address("", "198.51.100.1", PROXIES) is None


@pytest.mark.parametrize(
    ("peer", "kept"),
    [("198.51.100.77", "198.51.100.0"), ("2606:4700:1:2:3:4:5:6", "2606:4700:1::")],
)
def test_of_an_anonymous_address_its_network_is_kept(peer: str, kept: str) -> None:
    address = client_address(peer, "", ())
    assert address is not None
    assert anonymous(address) == kept
