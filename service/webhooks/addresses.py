"""Which addresses webhooks are sent to: those of the public internet, and networks that a setting names.

What is refused are the blocks of the IANA's special-purpose address registries for IPv4 and IPv6
(https://www.iana.org/assignments/iana-ipv4-special-registry/ and .../iana-ipv6-special-registry/), and multicast. The standard
library's `is_global` is not asked, since what it knows differs between releases of Python.
"""

import ipaddress
from collections.abc import Iterable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network, unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared, behind a carrier's NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, where clouds have their metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols of the IETF
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

#: The one part of IPv6 that has been given out as public.
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")

_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # protocols of the IETF, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)

#: IPv6 addresses that stand for the IPv4 address in their last 32 bits: mapped, and the well-known prefix of NAT64 (RFC 6052).
_EMBEDDING = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))


class Addresses:
    """Tells addresses that may be connected to. `allowed` networks may be, whatever they are."""

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def permit(self, address: Address) -> bool:
        """Whether webhooks may be sent there."""
        meant = _meant(address)
        return self._is_allowed(address) or self._is_allowed(meant) or _is_public(meant)

    def permit_host(self, host: str) -> bool:
        """Whether a host that is an address may be sent to; a name is judged only when it is resolved."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return True
        return self.permit(address)

    def _is_allowed(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._allowed)


def read_networks(text: str) -> Sequence[Network]:
    """Networks with commas between them, such as `10.2.0.0/16,::1/128`. Raises ValueError with the one that is none."""
    networks = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(ipaddress.ip_network(part))
        except ValueError:
            raise ValueError(f"{part} is no network such as 10.2.0.0/16 or ::1/128") from None
    return tuple(networks)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address) and any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return address in _PUBLIC_V6 and not any(address in network for network in _REFUSED_V6)
