"""What the fold remembers of a viewer. Plain values: merging is in merge_*.py, counting in count_*.py.

Every object holds two things: what its events say (maxima, first values, sets: a join), and its
*credit*: what it was last counted as. The structs are arrays in msgpack, and a checkpoint is just
them: the order of their fields is the format (see checkpoint.py).
"""

from typing import Any, NamedTuple

from msgspec import Struct, field

from schemas.fields import Platform, ProductType, StartReason, Trigger, UnlockMethod

ABSENT = -1
"""A counter that no event of the play has carried."""

Moment = tuple[int, str]
"""(event time in ms, event_id): what orders the events of an object."""


class Place(NamedTuple):
    """Where a play counts. Shared by all plays of the same place."""

    series_id: str
    episode_no: int
    paywall_no: int
    platform: Platform
    country: str
    duration_ms: int


class PlayCredit(NamedTuple):
    """What a play is counted as: flags (see count_plays.py), sums, its bin of the exit curve."""

    flags: int
    played_ms: int
    watched_ms: int
    bin: int
    last_at: int


class Play(Struct, gc=False, eq=False, array_like=True):
    """One attempt to play one episode. Without a `play_start`, `place` is None and it counts nothing."""

    playback_id: str
    last_at: int
    place: Place | None = None
    started_at: int = 0
    event_id: str = ""
    start_reason: StartReason = "tap"
    start_position_ms: int = 0
    position_ms: int = 0
    played_ms: int = ABSENT
    watched_ms: int = ABSENT
    touched: bool = False
    continued: int = 0
    credit: PlayCredit | None = None
    rows: Any = None
    """The rows that it counts in, `(episodes, curves)`: found once a generation, not kept in a checkpoint."""

    @property
    def counts(self) -> bool:
        """Whether it is a play that started, and no preview."""
        return self.place is not None and self.start_reason != "preview"


class Sitting(Struct, gc=False, eq=False, array_like=True):
    """Plays of one viewer and series close to each other, as they are counted."""

    series_id: str
    platform: str
    country: str
    hour: int
    start_at: int
    end_at: int
    depth: int
    run: int
    deliberate: int
    played_ms: int


class DayDimensions(NamedTuple):
    """Where a viewer's day counts. Shared."""

    platform: str
    country: str
    tenure: str
    payer_state: str


class Day(Struct, gc=False, eq=False, array_like=True):
    """A viewer's day: its first event, and how many objects of each kind fall on it."""

    first_at: int
    end_at: int
    event_id: str
    dimensions: DayDimensions
    watched: int = 0
    met_paywall: int = 0
    started_checkout: int = 0
    unlocked: int = 0
    paid: int = 0
    played_after_unlock: int = 0
    touched: bool = False
    counted_as: DayDimensions | None = None
    counted_flags: int = 0


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
    event_id: str = ""
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
    event_id: str
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
    event_id: str
    product_type: ProductType
    amount: int


class Order(Struct, gc=False, eq=False, array_like=True):
    """What was ordered at a paywall, paid, failed, given back. `impression_id` of its first checkout."""

    order_id: str
    last_at: int
    checkout_at: int = ABSENT
    event_id: str = ""
    impression_id: str = ""
    failed: bool = False
    purchases: dict[str, Purchase] = field(default_factory=dict)
    refunds: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    """event_id of a refund -> (at, transaction_id, amount)"""


class AdSession(Struct, gc=False, eq=False, array_like=True):
    """A rewarded ad."""

    at: int
    event_id: str
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


class Viewer(Struct, gc=False, eq=False, array_like=True):
    """All that is known of a viewer.

    Attributes:
        plays: the hot ones, the one that was opened last first.
        sittings: of the hot plays.
        cold: plays of sittings that are over, packed (see cold.py).
        cold_to: the greatest `last_at` among them.
        latest_at: the greatest time of a start or an impression.
        days: the latest first.
        today_from: after this and before `today_until` an event cannot be the first of a day.
        paywall: None, packed (see cold.py), or live.
        paywall_to: `last_at` of a packed paywall.
    """

    plays: tuple[Play, ...] = ()
    sittings: tuple[Sitting, ...] = ()
    cold: bytes = b""
    cold_to: int = 0
    latest_at: int = 0
    days: tuple[Day, ...] = ()
    today_from: int = 0
    today_until: int = 0
    paywall: Paywall | bytes | None = None
    paywall_to: int = 0
