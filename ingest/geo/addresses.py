"""The client's address behind proxies, and as much of it as is kept."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Kept of an address that a project anonymises: issue of spec 003 §2, "may be masked".
PREFIX = {4: 24, 6: 48}


def networks_of(text: str) -> tuple[Network, ...]:
    """Networks and addresses separated by commas; ValueError names what is none."""
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> Address | None:
    """The right-most address that is no trusted proxy's; the peer where no proxy is trusted.

    What stands left of it anyone may have written. None where nothing can be read.
    """
    path = [peer, *reversed(forwarded_for.split(","))] if _is_trusted(peer, trusted) else [peer]
    last = None
    for text in path:
        address = _address(text)
        if address is None:
            return last
        last = address
        if not _in(address, trusted):
            return address
    return last


def anonymous(address: Address) -> str:
    """Its network: /24 of IPv4, /48 of IPv6."""
    network = ip_network(f"{address}/{PREFIX[address.version]}", strict=False)
    return str(network.network_address)


def _is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    address = _address(peer)
    return address is not None and _in(address, trusted)


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _address(text: str) -> Address | None:
    """With or without brackets and a port; an IPv4 address within IPv6 counts as IPv4."""
    bare = text.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
