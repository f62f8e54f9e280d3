"""Where a peer may be: addresses of the web, never those inside this site unless it says so."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from web.mme.nodes.errors import BadAddress

LONGEST_ADDRESS = 500
# Where clouds tell a machine its secrets; two of them look like any other address.
METADATA = frozenset(
    ipaddress.ip_address(each)
    for each in (
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """The base of a peer's service, without a slash at its end."""

    base: str

    def match(self, trailing_slash: bool = False) -> str:
        """Where a patient is posted."""
        return f"{self.base}/match{'/' if trailing_slash else ''}"

    @property
    def heartbeat(self) -> str:
        """Where it says whether it is well."""
        return f"{self.base}/heartbeat"

    @property
    def metrics(self) -> str:
        """Where it says how much it has."""
        return f"{self.base}/metrics"


def peer_address(text: str, *, allow_private: bool = False) -> PeerAddress:
    """The base of a service, from that or from its full match address. Raises `BadAddress`."""
    entered = text.strip()
    if problem := _problem(entered, allow_private):
        raise BadAddress(text, problem)
    base = entered.rstrip("/")
    return PeerAddress(base.removesuffix("/match").rstrip("/"))


def _problem(text: str, allow_private: bool) -> str:
    """What is wrong with an address, "" if nothing is."""
    if len(text) > LONGEST_ADDRESS or not text.isascii() or not text.isprintable():
        return (
            f"it has at most {LONGEST_ADDRESS} plain characters, none of them a blank"
        )
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not host or " " in text:
        return "it begins with https:// and a host name"
    if parts.username is not None or parts.password is not None:
        return "a name or password does not belong in it"
    if parts.query or parts.fragment or "?" in text or "#" in text:
        return "nothing follows its path"
    if parts.scheme == "http" and not allow_private:
        return (
            "without TLS anybody on the way could read the cases; only a peer inside your own "
            "network (--allow-private) may go without"
        )
    literal = _literal(host)
    if literal and not is_permitted(literal, allow_private=allow_private):
        return f"{literal} is inside this site or belongs to nobody"
    return ""


def is_permitted(address: IpAddress, *, allow_private: bool = False) -> bool:
    """Whether a peer may be at this address.

    A private one, or this machine, only where the operator allowed it for the peer. Link-local
    addresses, those of a cloud's metadata, multicast and reserved ones never.
    """
    inner = embedded(address)
    if inner in METADATA or inner.is_link_local or inner.is_multicast:
        return False
    if inner.is_unspecified or (inner.is_reserved and not inner.is_loopback):
        return False
    return allow_private or is_public(address)


def is_public(address: IpAddress) -> bool:
    """Whether the address is one of the web."""
    return embedded(address).is_global


def embedded(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    tunnelled = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or tunnelled or address


def _literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
