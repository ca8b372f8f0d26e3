"""Where a request comes from: the client's address, and the page whose script sends it. Pure.

The address decides which limit counts, and nothing else: it is not stored, logged or sent on.
"""

from collections.abc import Collection, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from producers.collector.answers import Refused
from producers.collector.keys import WriteKey
from producers.collector.limits import Address

Network = IPv4Network | IPv6Network

MAX_HOPS: Final = 16
"""Of `X-Forwarded-For`: what stands further left was written by somebody nobody knows."""

PREFLIGHT_HEADERS: Final = {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": (
        "authorization, content-encoding, content-type, x-session-token, x-write-key"
    ),
    "access-control-max-age": "7200",
}


def networks(setting: str) -> tuple[Network, ...]:
    """Return the networks of a setting, which is comma-separated; raise ValueError for what is none."""
    return tuple(ip_network(text.strip()) for text in setting.split(",") if text)


def client_address(peer: str | None, forwarded_for: str | None, trusted: Sequence[Network]) -> Address | None:
    """Return the address of the client, or None when the peer has none (a Unix socket).

    A peer that is no listed proxy is the client itself, whatever its headers claim. Behind listed proxies it
    is the last address of `X-Forwarded-For` that is no listed proxy; where the header is cut short or holds
    something else, the proxy that sent it counts.
    """
    address = _address(peer or "")
    if address is None or not forwarded_for or not _is_listed(address, trusted):
        return address
    for hop in reversed(forwarded_for.split(",")[-MAX_HOPS:]):
        before = _address(hop.strip())
        if before is None:
            return address
        address = before
        if not _is_listed(address, trusted):
            return address
    return address


def check_origin(key: WriteKey, origin: str | None) -> None:
    """Return when this key may be used from a page of this origin; raise Refused (403) otherwise.

    Apps and servers send no origin: nothing to check. The comparison is exact.
    """
    if origin is not None and origin not in key.origins:
        raise Refused(403, "wrong_origin")


def preflight_headers(
    origin: str | None, requested_method: str | None, origins: Collection[str]
) -> dict[str, str]:
    """Return the headers that answer a preflight; raise Refused (403) when no key is for this origin.

    A preflight carries no key, so what any key in force allows is allowed; the request itself is then held
    to its own key.
    """
    if origin is None or origin not in origins or requested_method != "POST":
        raise Refused(403, "wrong_origin")
    return PREFLIGHT_HEADERS | cors_headers(origin)


def cors_headers(origin: str) -> dict[str, str]:
    """Return the headers with which a page of this origin may read an answer. No cookies, ever."""
    return {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "retry-after",
        "vary": "origin",
    }


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_listed(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)
