"""The objects that the numbers are about: plays, impressions, orders, unlocks and ad sessions of a viewer."""

from dataclasses import dataclass
from typing import NamedTuple


class PlayFields(NamedTuple):
    """What a play takes from its first `play_start`."""

    platform: str
    country: str
    series_id: str
    episode_no: int
    duration_ms: int
    paywall_no: int
    start_reason: str
    start_position_ms: int


class ImpressionFields(NamedTuple):
    """What an impression takes from its first `paywall_impression`."""

    platform: str
    country: str
    variant: str
    series_id: str
    episode_no: int
    paywall_no: int
    paywall_id: str
    trigger: str


class UnlockFields(NamedTuple):
    """What an unlock takes from its first `unlock`."""

    platform: str
    country: str
    series_id: str
    episode_no: int
    method: str
    coins_paid: int
    coins_bonus: int
    revenue_usd_micros: int
    impression_id: str


@dataclass(frozen=True)
class Play:
    """One attempt to play one episode. `played_ms` and `watched_ms` are None when no event carried them."""

    playback_id: str
    started_at: int
    event_id: str
    fields: PlayFields
    position_ms: int
    played_ms: int | None
    watched_ms: int | None
    last_at: int


@dataclass(frozen=True)
class Impression:
    """One paywall that became visible."""

    impression_id: str
    shown_at: int
    fields: ImpressionFields


@dataclass(frozen=True)
class Purchase:
    """One transaction of an order."""

    at: int
    product_type: str
    amount: int


@dataclass(frozen=True)
class Refund:
    """Money that went back, and the transaction it came from."""

    transaction_id: str
    amount: int


@dataclass(frozen=True)
class Order:
    """One attempt to pay. `opened_at` is None and `impression_id` '' while no checkout opened it."""

    opened_at: int | None
    impression_id: str
    failed: bool
    purchases: dict[str, Purchase]
    refunds: list[Refund]


@dataclass(frozen=True)
class Unlock:
    """One episode that became playable."""

    unlock_id: str
    at: int
    event_id: str
    fields: UnlockFields


@dataclass(frozen=True)
class AdSession:
    """One rewarded ad."""

    verified: bool
    revenue_usd_micros: int
    impression_id: str


@dataclass(frozen=True)
class Viewer:
    """Everything that happened to one viewer."""

    events: list[dict]
    plays: list[Play]
    impressions: list[Impression]
    orders: list[Order]
    unlocks: list[Unlock]
    ad_sessions: list[AdSession]
