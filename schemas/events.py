"""The event contract: what a player, a payment backend or an adapter may send, as models.

A field that the models do not name is allowed and ignored. The models are strict: "1" is no number.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from schemas.fields import (
    MAX_USD_MICROS,
    Coins,
    Country,
    Currency,
    Duration,
    EndReason,
    Environment,
    EpisodeNo,
    EventId,
    Id,
    PayerState,
    PaywallNo,
    Platform,
    ProductType,
    Span,
    StartReason,
    Time,
    Trigger,
    UnlockMethod,
    UsdMicros,
)


class Model(BaseModel):
    """What all parts of the contract have in common: frozen, strict, open to new fields."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Experiment(Model):
    """An experiment that the viewer is in, and the arm."""

    id: Id
    variant: Id


class Acquisition(Model):
    """Where the viewer came from."""

    channel: Id | None = None
    campaign: Id | None = None


class Offer(Model):
    """One way to pay that a paywall shows."""

    offer_id: Id
    method: UnlockMethod
    amount_minor: int | None = None
    currency: Currency | None = None
    coins: Coins | None = None


class Envelope(Model):
    """What every event carries, `viewer_deletion` included."""

    schema_version: Literal[1]
    event_id: EventId
    viewer_id: Id = Field(description="pseudonymous; the partition key")
    occurred_at: Time = Field(description="ms since the epoch by the clock of the sender")
    sent_at: Time = Field(description="ms since the epoch by the same clock")
    received_at: Time | None = Field(None, description="ms since the epoch, set by the collector")

    @model_validator(mode="after")
    def _sent_after_it_occurred(self) -> "Envelope":
        if self.sent_at < self.occurred_at:
            raise ValueError("clock_unusable: sent_at is before occurred_at")
        return self


class Common(Envelope):
    """What every event but `viewer_deletion` carries."""

    app_session_id: Id
    platform: Platform
    environment: Environment
    app_version: Id
    country: Country | None = None
    experiments: tuple[Experiment, ...] = Field((), strict=False, max_length=32)
    acquisition: Acquisition | None = None
    installed_at: Time | None = None
    payer_state: PayerState | None = None


class Content(Common):
    """Which episode an event is about."""

    series_id: Id
    episode_no: EpisodeNo
    duration_ms: Duration
    is_free: bool = True
    paywall_no: PaywallNo = 0
    episode_id: Id | None = None
    audio_language: Id | None = None


class PlayStart(Content):
    """The first frame of a play."""

    event_type: Literal["play_start"]
    playback_id: Id
    start_reason: StartReason
    start_position_ms: Span


class PlayProgress(Common):
    """What every event inside a play carries. The counters are cumulative."""

    playback_id: Id
    position_ms: Span
    played_ms: Span | None = Field(None, description="wall time of playing since the start")
    watched_ms: Span | None = Field(None, description="unique content seen since the start")


class Heartbeat(PlayProgress):
    """A player says every five seconds that it is alive, and at pause, background and end."""

    event_type: Literal["heartbeat"]
    foreground: bool = True
    rate: float | None = None
    bitrate_kbps: int | None = None
    buffered_ms: int | None = None


class Pause(PlayProgress):
    """The viewer paused."""

    event_type: Literal["pause"]


class Resume(PlayProgress):
    """The viewer went on."""

    event_type: Literal["resume"]


class Seek(PlayProgress):
    """The viewer jumped. Where to is not watched."""

    event_type: Literal["seek"]
    from_ms: Span
    to_ms: Span


class Stall(PlayProgress):
    """The player ran dry."""

    event_type: Literal["stall"]
    stalled_ms: Span


class PlayerError(PlayProgress):
    """The player failed."""

    event_type: Literal["player_error"]
    code: Id
    fatal: bool


class PlayEnd(PlayProgress):
    """The play is over."""

    event_type: Literal["play_end"]
    end_reason: EndReason


class PaywallImpression(Content):
    """A paywall became visible. A preloaded one is none."""

    event_type: Literal["paywall_impression"]
    paywall_impression_id: Id
    paywall_id: Id
    trigger: Trigger
    offers: tuple[Offer, ...] = Field((), strict=False, max_length=64)
    coin_price: Coins | None = None
    coin_balance: Coins | None = None


class PaywallDismiss(Common):
    """The viewer closed a paywall."""

    event_type: Literal["paywall_dismiss"]
    paywall_impression_id: Id
    dwell_ms: Span | None = None


class CheckoutStart(Common):
    """The viewer chose an offer of a paywall."""

    event_type: Literal["checkout_start"]
    paywall_impression_id: Id
    order_id: Id
    offer_id: Id | None = None


class Payment(Common):
    """What the three payment events carry."""

    order_id: Id
    product_type: ProductType
    currency: Currency | None = None
    store: Id | None = None


class Purchase(Payment):
    """Money came in."""

    event_type: Literal["purchase"]
    transaction_id: Id
    amount_minor: int | None = None
    amount_usd_micros: UsdMicros


class PurchaseFailed(Payment):
    """A payment did not go through."""

    event_type: Literal["purchase_failed"]
    transaction_id: Id | None = None
    amount_minor: int | None = None
    amount_usd_micros: UsdMicros | None = None


class Refund(Payment):
    """Money went back. The amount is negative."""

    event_type: Literal["refund"]
    transaction_id: Id
    amount_minor: int | None = None
    amount_usd_micros: Annotated[int, Field(ge=-MAX_USD_MICROS, le=0)]


class AdReward(Common):
    """A rewarded ad was watched, or claimed to be."""

    event_type: Literal["ad_reward"]
    ad_session_id: Id
    verified: bool
    revenue_usd_micros: UsdMicros
    paywall_impression_id: Id | None = None


class Unlock(Content):
    """An episode became playable for a viewer."""

    event_type: Literal["unlock"]
    unlock_id: Id
    method: UnlockMethod
    coins_paid: Coins = 0
    coins_bonus: Coins = 0
    revenue_usd_micros: UsdMicros = Field(0, description="what the spent coins were once bought for")
    paywall_impression_id: Id | None = None


class ViewerDeletion(Envelope):
    """A viewer asked to be forgotten."""

    event_type: Literal["viewer_deletion"]
    requested_at: Time


Event = Annotated[
    PlayStart
    | Heartbeat
    | Pause
    | Resume
    | Seek
    | Stall
    | PlayerError
    | PlayEnd
    | PaywallImpression
    | PaywallDismiss
    | CheckoutStart
    | Purchase
    | PurchaseFailed
    | Refund
    | AdReward
    | Unlock
    | ViewerDeletion,
    Field(discriminator="event_type"),
]
"""One line of the topic `player.events.v1`."""

EVENT = TypeAdapter[Event](Event)
"""Reads an event of any type: `EVENT.validate_json(line)`; raises pydantic.ValidationError."""
