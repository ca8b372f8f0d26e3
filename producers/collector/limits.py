"""How much each key and each network may send. Pure: time is an argument.

A bucket fills at a rate and is emptied by what was sent. How many events a request holds is known only
when it is read, so a request is let in while there is anything left, and charged afterwards: a bucket may
be overdrawn by the requests under way, and refuses until that is made up. The mean rate holds exactly.
"""

from collections import OrderedDict
from ipaddress import IPv4Address, IPv6Address
from math import ceil
from typing import Final

from producers.collector.answers import Refused
from producers.collector.keys import WriteKey

Address = IPv4Address | IPv6Address

MAX_NETWORKS: Final = 100_000
REQUEST_COST: Final = 1.0
"""A request costs as much as an event, so that empty ones are not free."""
_V4_BITS, _V6_BITS = 24, 48


class Bucket:
    """What is left of a limit. Below 0 it is overdrawn."""

    __slots__ = ("_at_s", "_left")

    def __init__(self, burst: float, now_s: float) -> None:
        self._left = burst
        self._at_s = now_s

    def left(self, rate: float, burst: float, now_s: float) -> float:
        """What is left, after what ran in since the last look. A clock that goes back adds nothing."""
        if now_s > self._at_s:
            self._left = min(burst, self._left + (now_s - self._at_s) * rate)
            self._at_s = now_s
        return self._left

    def take(self, amount: float) -> None:
        """Take an amount, there or not."""
        self._left -= amount


class RateLimits:
    """The buckets of all keys, and of the networks that send with the keys of players.

    Memory is bounded: of networks only the latest are remembered, and one that comes back has a full bucket;
    of keys there are as many as in the file. Servers have limits by key alone: all of a platform's
    backend is often one network.
    """

    def __init__(
        self, network_events_per_s: float, network_burst: float, most_networks: int = MAX_NETWORKS
    ) -> None:
        self._rate = network_events_per_s
        self._burst = network_burst
        self._most = most_networks
        self._keys: dict[str, Bucket] = {}
        self._networks: OrderedDict[tuple[int, int], Bucket] = OrderedDict()

    def admit(self, key: WriteKey, address: Address | None, now_s: float) -> None:
        """Let a request in and charge it as such; raise Refused (429) when nothing is left for it."""
        of_key = self._of_key(key, now_s)
        wait_s = _wait_s(of_key.left(key.events_per_s, key.burst, now_s), key.events_per_s)
        of_network = self._of_network(key, address, now_s)
        if of_network is not None:
            wait_s = max(wait_s, _wait_s(of_network.left(self._rate, self._burst, now_s), self._rate))
        if wait_s > 0:
            raise Refused(429, "rate_limited", retry_after_s=ceil(wait_s))
        self._take(of_key, of_network, REQUEST_COST)

    def charge(self, key: WriteKey, address: Address | None, events: int, now_s: float) -> None:
        """Charge the events of a request that was let in."""
        self._take(self._of_key(key, now_s), self._of_network(key, address, now_s), events)

    def _take(self, of_key: Bucket, of_network: Bucket | None, amount: float) -> None:
        of_key.take(amount)
        if of_network is not None:
            of_network.take(amount)

    def _of_key(self, key: WriteKey, now_s: float) -> Bucket:
        bucket = self._keys.get(key.id)
        if bucket is None:
            bucket = self._keys[key.id] = Bucket(key.burst, now_s)
        return bucket

    def _of_network(self, key: WriteKey, address: Address | None, now_s: float) -> Bucket | None:
        if address is None or key.kind != "player":
            return None
        network = network_of(address)
        bucket = self._networks.get(network)
        if bucket is None:
            if len(self._networks) >= self._most:
                self._networks.popitem(last=False)
            bucket = self._networks[network] = Bucket(self._burst, now_s)
        else:
            self._networks.move_to_end(network)
        return bucket


def network_of(address: Address) -> tuple[int, int]:
    """The network that an address counts with: its /24, or in IPv6 its /48, as version and prefix."""
    bits = _V4_BITS if address.version == 4 else _V6_BITS  # noqa: PLR2004 -- IPv4
    return address.version, int(address) >> (address.max_prefixlen - bits)


def _wait_s(left: float, rate: float) -> float:
    """How long until there is one token again; 0 when there is."""
    return 0.0 if left >= REQUEST_COST else (REQUEST_COST - left) / rate
