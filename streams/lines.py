"""The fields of each event that the fold reads, as types that decode fast. Pure.

The contract is `schemas/events.py`. What is declared here must read the same there; a field that is
not declared here decides no number and is not judged by the workers. A test holds the two together.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.fields import (
    COUNTRIES,
    MAX_COINS,
    MAX_EPISODE_NO,
    MAX_ID_CHARS,
    MAX_SPAN_MS,
    MAX_TIME_MS,
    MAX_USD_MICROS,
    Environment,
    PayerState,
    Platform,
    ProductType,
    StartReason,
    Trigger,
    UnlockMethod,
)

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS)]
EventId = Annotated[str, Meta(min_length=36, max_length=36)]
Time = Annotated[int, Meta(ge=0, le=MAX_TIME_MS)]
Span = Annotated[int, Meta(ge=0, le=MAX_SPAN_MS)]
Duration = Annotated[int, Meta(gt=0, le=MAX_SPAN_MS)]
EpisodeNo = Annotated[int, Meta(ge=1, le=MAX_EPISODE_NO)]
PaywallNo = Annotated[int, Meta(ge=0, le=255)]
Coins = Annotated[int, Meta(ge=0, le=MAX_COINS)]
UsdMicros = Annotated[int, Meta(ge=0, le=MAX_USD_MICROS)]
NegativeUsdMicros = Annotated[int, Meta(ge=-MAX_USD_MICROS, le=0)]
Country = Literal[COUNTRIES]  # type: ignore[valid-type]  # 676 pairs: a table lookup, no regular expression


class Line(Struct, tag_field="event_type", gc=False, kw_only=True):
    """What every line carries. `text` names the fields that hold free text, to be judged printable."""

    schema_version: Literal[1]
    event_id: EventId
    viewer_id: Id
    occurred_at: Time
    sent_at: Time
    received_at: Time | None = None


class ViewerLine(Line, kw_only=True):
    """What every line but `viewer_deletion` carries."""

    platform: Platform
    environment: Environment
    country: Country | None = None
    installed_at: Time | None = None
    payer_state: PayerState | None = None


class Progress(ViewerLine, kw_only=True):
    """What every line inside a play carries."""

    playback_id: Id
    position_ms: Span
    played_ms: Span | None = None
    watched_ms: Span | None = None


class Heartbeat(Progress, tag="heartbeat", kw_only=True):
    """`heartbeat`."""


class Pause(Progress, tag="pause", kw_only=True):
    """`pause`."""


class Resume(Progress, tag="resume", kw_only=True):
    """`resume`."""


class Seek(Progress, tag="seek", kw_only=True):
    """`seek`."""


class Stall(Progress, tag="stall", kw_only=True):
    """`stall`."""


class PlayerError(Progress, tag="player_error", kw_only=True):
    """`player_error`."""


class PlayEnd(Progress, tag="play_end", kw_only=True):
    """`play_end`."""


class PlayStart(ViewerLine, tag="play_start", kw_only=True):
    """`play_start`."""

    playback_id: Id
    series_id: Id
    episode_no: EpisodeNo
    duration_ms: Duration
    start_reason: StartReason
    start_position_ms: Span
    paywall_no: PaywallNo = 0


class Experiment(Struct, gc=False, kw_only=True):
    """One entry of `experiments`."""

    id: Id
    variant: Id


class PaywallImpression(ViewerLine, tag="paywall_impression", kw_only=True):
    """`paywall_impression`."""

    paywall_impression_id: Id
    paywall_id: Id
    series_id: Id
    episode_no: EpisodeNo
    trigger: Trigger
    paywall_no: PaywallNo = 0
    experiments: Annotated[list[Experiment], Meta(max_length=32)] = []


class PaywallDismiss(ViewerLine, tag="paywall_dismiss", kw_only=True):
    """`paywall_dismiss`."""

    paywall_impression_id: Id


class CheckoutStart(ViewerLine, tag="checkout_start", kw_only=True):
    """`checkout_start`."""

    paywall_impression_id: Id
    order_id: Id


class Purchase(ViewerLine, tag="purchase", kw_only=True):
    """`purchase`."""

    order_id: Id
    transaction_id: Id
    product_type: ProductType
    amount_usd_micros: UsdMicros


class PurchaseFailed(ViewerLine, tag="purchase_failed", kw_only=True):
    """`purchase_failed`."""

    order_id: Id


class Refund(ViewerLine, tag="refund", kw_only=True):
    """`refund`."""

    order_id: Id
    transaction_id: Id
    amount_usd_micros: NegativeUsdMicros


class AdReward(ViewerLine, tag="ad_reward", kw_only=True):
    """`ad_reward`."""

    ad_session_id: Id
    verified: bool
    revenue_usd_micros: UsdMicros
    paywall_impression_id: Id | None = None


class Unlock(ViewerLine, tag="unlock", kw_only=True):
    """`unlock`."""

    unlock_id: Id
    series_id: Id
    episode_no: EpisodeNo
    method: UnlockMethod
    coins_paid: Coins = 0
    coins_bonus: Coins = 0
    revenue_usd_micros: UsdMicros = 0
    paywall_impression_id: Id | None = None


class ViewerDeletion(Line, tag="viewer_deletion", kw_only=True):
    """`viewer_deletion`."""

    requested_at: Time


AnyLine = (
    Heartbeat
    | PlayStart
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
    | ViewerDeletion
)
"""One usable line of the topic."""
