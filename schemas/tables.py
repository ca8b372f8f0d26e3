"""The counter tables: windows, dimensions and counters, in the order in which their rows are written.

A row of a counter table is the tuple
`(window_start, *dimensions, source_epoch, partition, generation, version, *counters, *histograms)`
with `window_start` in seconds since the epoch. Counters are integers that add up; a histogram maps a
bin to a count. The migrations create these tables; a test holds them against this page.
"""

from dataclasses import dataclass
from typing import Final

VERSION_BITS: Final = 48
"""`version = logic_epoch << 48 | next_offset`: the longest prefix of the log wins."""


@dataclass(frozen=True, slots=True)
class CounterTable:
    """A table of counters, its window in seconds, and the names of its columns."""

    name: str
    window_s: int
    dimensions: tuple[str, ...]
    counters: tuple[str, ...]
    histograms: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns in the order of a row."""
        return ("window_start", *self.dimensions, *LINEAGE, *self.counters, *self.histograms)


LINEAGE: Final = ("source_epoch", "partition", "generation", "version")
"""Which log, which partition of it, which generation of the row, after which prefix."""

EPISODE_MINUTES: Final = CounterTable(
    name="episode_minutes",
    window_s=60,
    dimensions=("series_id", "episode_no", "paywall_no", "platform", "country"),
    counters=(
        "previews",
        "starts",
        "fresh_starts",
        "valid_plays",
        "reached_25",
        "reached_50",
        "reached_75",
        "reached_95",
        "completes",
        "played_ms",
        "watched_ms",
        "continued_auto",
        "continued_deliberate",
        "stopped_at_gate",
    ),
)
EXIT_CURVES: Final = CounterTable(
    name="exit_curves",
    window_s=3600,
    dimensions=("series_id", "episode_no", "platform"),
    counters=(),
    histograms=("plays_by_bin",),
)
SITTINGS: Final = CounterTable(
    name="sittings",
    window_s=3600,
    dimensions=("series_id", "platform", "country"),
    counters=("sittings", "played_ms"),
    histograms=("depth", "run", "deliberate"),
)
PAYWALL_MINUTES: Final = CounterTable(
    name="paywall_minutes",
    window_s=60,
    dimensions=(
        "series_id",
        "episode_no",
        "paywall_no",
        "paywall_id",
        "trigger",
        "platform",
        "country",
        "variant",
    ),
    counters=(
        "impressions",
        "first_impressions",
        "checkouts",
        "dismissals",
        "payment_failures",
        "conversions_coins",
        "conversions_ad",
        "conversions_subscription",
        "conversions_bundle",
        "converted_1m",
        "converted_5m",
        "converted_30m",
        "converted_24h",
        "played_after",
        "revenue_usd_micros",
    ),
)
UNLOCK_MINUTES: Final = CounterTable(
    name="unlock_minutes",
    window_s=60,
    dimensions=("series_id", "episode_no", "method", "platform", "country"),
    counters=("unlocks", "coins_paid", "coins_bonus", "without_impression"),
)
VIEWER_DAYS: Final = CounterTable(
    name="viewer_days",
    window_s=86_400,
    dimensions=("platform", "country", "tenure", "payer_state"),
    counters=(
        "active",
        "watched",
        "met_paywall",
        "started_checkout",
        "unlocked",
        "paid",
        "played_after_unlock",
    ),
)
COUNTER_TABLES: Final = (
    EPISODE_MINUTES,
    EXIT_CURVES,
    SITTINGS,
    PAYWALL_MINUTES,
    UNLOCK_MINUTES,
    VIEWER_DAYS,
)

CHECKPOINTS: Final = "checkpoints"
QUARANTINE: Final = "quarantine"
VIEWER_DELETIONS: Final = "viewer_deletions"
COMPLETED_DELETIONS: Final = "completed_deletions"
INVARIANT_BREAKS: Final = "invariant_breaks"
