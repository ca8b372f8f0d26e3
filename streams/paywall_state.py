"""What the fold remembers of a viewer at paywalls. Plain values: merging is in merge_paywall.py.

Every object holds two things: what its events say (first values, sets: a join), and its *credit*: what it
was last counted as. The structs are arrays in msgpack, and a packed paywall is just them: the order of
their fields is part of `STATE_FORMAT` (see checkpoint.py). Event ids are their 16 bytes (see ids.py).
"""

from typing import NamedTuple

from msgspec import Struct, field
from msgspec.msgpack import Decoder, Encoder

from schemas.fields import Platform, ProductType, Trigger, UnlockMethod

ABSENT = -1
NEVER = -(1 << 62)
"""Long before any time, whatever is added to it."""


class Gate(NamedTuple):
    """Where an impression counts. Shared by all impressions of the same place."""

    series_id: str
    episode_no: int
    paywall_no: int
    paywall_id: str
    trigger: Trigger
    platform: Platform
    country: str
    variant: str


class Impression(Struct, gc=False, eq=False, array_like=True):
    """One paywall shown. Without a `paywall_impression`, `gate` is None and it counts nothing."""

    impression_id: str
    shown_at: int
    gate: Gate | None = None
    event_id: bytes = b""
    dismissed: bool = False
    checked_out: bool = False
    touched: bool = False
    flags: int = 0
    revenue: int = 0


class Unlock(Struct, gc=False, eq=False, array_like=True):
    """An episode that became playable.

    `answers` is the impression that it is counted for, or ''; `played_after` are the episodes, as
    (series_id, episode_no), that the viewer started within `FoldRules.played_after_ms` after it.
    """

    unlock_id: str
    at: int
    event_id: bytes
    series_id: str
    episode_no: int
    method: UnlockMethod
    platform: Platform
    country: str
    coins_paid: int
    coins_bonus: int
    revenue: int
    names: str
    touched: bool = False
    counted: bool = False
    answers: str = ""
    played_after: tuple[tuple[str, int], ...] = ()
    played_counted: bool = False


class Purchase(Struct, gc=False, eq=False, array_like=True):
    """One transaction of an order."""

    at: int
    event_id: bytes
    product_type: ProductType
    amount: int


class Order(Struct, gc=False, eq=False, array_like=True):
    """What was ordered at a paywall, paid, failed, given back. `impression_id` of its first checkout."""

    order_id: str
    last_at: int
    checkout_at: int = ABSENT
    event_id: bytes = b""
    impression_id: str = ""
    failed: bool = False
    purchases: dict[str, Purchase] = field(default_factory=dict)
    refunds: dict[bytes, tuple[int, str, int]] = field(default_factory=dict)
    """event_id of a refund -> (at, transaction_id, amount)"""


class AdSession(Struct, gc=False, eq=False, array_like=True):
    """A rewarded ad."""

    at: int
    event_id: bytes
    revenue: int
    impression_id: str
    verified: bool


class Paywall(Struct, gc=False, eq=False, array_like=True):
    """All that a viewer did at paywalls. `first_at` and `last_at` bound the event times in it."""

    first_at: int = 0
    last_at: int = 0
    impressions: dict[str, Impression] = field(default_factory=dict)
    unlocks: dict[str, Unlock] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    ads: dict[str, AdSession] = field(default_factory=dict)


class PackedPaywall(Struct, gc=False, eq=False, array_like=True):
    """A paywall without the keys of its dicts, which its objects know. Only ads do not."""

    first_at: int
    last_at: int
    impressions: list[Impression]
    unlocks: list[Unlock]
    orders: list[Order]
    ads: dict[str, AdSession]


_ENCODER = Encoder()
_DECODER = Decoder(PackedPaywall)
_UNLOCKED_TO_BYTES = 8


def pack_paywall(paywall: Paywall) -> bytes:
    """Return a paywall as bytes. They begin with what `unlocked_to` returns."""
    packed = PackedPaywall(
        paywall.first_at,
        paywall.last_at,
        list(paywall.impressions.values()),
        list(paywall.unlocks.values()),
        list(paywall.orders.values()),
        paywall.ads,
    )
    last = max([unlock.at for unlock in paywall.unlocks.values()], default=NEVER)
    return last.to_bytes(_UNLOCKED_TO_BYTES, "big", signed=True) + _ENCODER.encode(packed)


def unlocked_to(packed: bytes) -> int:
    """Return the greatest time of an unlock in a packed paywall: nothing that is later can follow one."""
    return int.from_bytes(packed[:_UNLOCKED_TO_BYTES], "big", signed=True)


def unpack_paywall(packed: bytes) -> Paywall:
    """Return the paywall that `pack_paywall` packed."""
    found = _DECODER.decode(memoryview(packed)[_UNLOCKED_TO_BYTES:])
    return Paywall(
        found.first_at,
        found.last_at,
        {impression.impression_id: impression for impression in found.impressions},
        {unlock.unlock_id: unlock for unlock in found.unlocks},
        {order.order_id: order for order in found.orders},
        found.ads,
    )
