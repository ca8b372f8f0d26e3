"""What the fold remembers of a viewer's plays and days. Plain values: merging is in merge_*.py.

Every object holds two things: what its events say (maxima, first values, sets: a join), and its
*credit*: what it was last counted as. There are millions of them, so they are classes that mypyc lays
out as C structs (see compiled.py): whole numbers inside the object, no dict, not followed by the garbage
collector, since none can be part of a cycle. What happened at paywalls is in paywall_state.py.
"""

from typing import Final, NamedTuple, final

from mypy_extensions import i16, i32, i64, mypyc_attr, u8

from streams.ids import parse_uuid, uuid
from streams.paywall_state import Paywall
from streams.rows import Row

ABSENT: Final = -1
"""A counter that no event of the play has carried."""

START_REASONS: Final = (
    "tap", "next_tap", "next_swipe", "auto_next", "resume", "deep_link", "replay", "preview",
)  # fmt: skip
"""A play keeps the number of its reason: the order is part of `STATE_FORMAT` (see checkpoint.py)."""
AUTO_NEXT_REASON: Final = 3
PREVIEW_REASON: Final = 7
REASON_NUMBER: Final = {reason: number for number, reason in enumerate(START_REASONS)}

NO_BIN: Final = -1
DAY_MS: Final = 86_400_000


@final
@mypyc_attr(acyclic=True)
class Place:
    """Where a play counts. One object is shared by all plays of the same place."""

    __slots__ = ("country", "duration_ms", "episode_no", "paywall_no", "platform", "series_id")

    def __init__(
        self, series_id: str, episode_no: i64, paywall_no: i64, platform: str, country: str, duration_ms: i64
    ) -> None:
        self.series_id = series_id
        self.episode_no = episode_no
        self.paywall_no = paywall_no
        self.platform = platform
        self.country = country
        self.duration_ms = duration_ms


def halves_of(playback_id: str) -> tuple[str, i64, i64]:
    """Return a UUID as '' and its halves, any other id as itself and zeros: see `Play`."""
    is_uuid, first, last = parse_uuid(playback_id.encode())
    return ("", first, last) if is_uuid else (playback_id, 0, 0)


@final
@mypyc_attr(acyclic=True)
class Play:
    """One attempt to play one episode. Without a `play_start`, `place` is None and it counts nothing.

    Attributes:
        id_high: with `id_low`, the playback id if it is a UUID; if not, `id_text` is it.
        event_high: with `event_low`, the event id of its start (see ids.py).
        reason: the number of its start_reason.
        counted_flags: the flags (see plays.py) that it is counted with; 0 when it is not counted.
        counted_played_ms: what its rows hold of it, like `counted_watched_ms` and, in the exit curve,
            `counted_bin`.
        counted_at: its `last_at` when it was last counted.
        touched: it waits to be counted; `touched_late`: it waits for the histograms to be.
        episode_row: with `curve_row`, where it counts: found once a generation, not in a checkpoint.
    """

    __slots__ = (
        "continued", "counted_at", "counted_bin", "counted_flags", "counted_played_ms", "counted_watched_ms",
        "curve_row", "episode_row", "event_high", "event_low", "id_high", "id_low", "id_text", "last_at",
        "place", "played_ms", "position_ms", "reason", "start_position_ms", "started_at", "touched",
        "touched_late", "watched_ms",
    )  # fmt: skip

    def __init__(self, playback_id: str, last_at: i64) -> None:
        text, first, last = halves_of(playback_id)
        self.id_text = text
        self.id_high: i64 = first
        self.id_low: i64 = last
        self.last_at: i64 = last_at
        self.place: Place | None = None
        self.started_at: i64 = 0
        self.event_high: i64 = 0
        self.event_low: i64 = 0
        self.start_position_ms: i32 = 0
        self.position_ms: i32 = 0
        self.played_ms: i32 = ABSENT
        self.watched_ms: i32 = ABSENT
        self.counted_flags: i16 = 0
        self.counted_bin: i16 = NO_BIN
        self.reason: u8 = 0
        self.continued: u8 = 0
        self.touched = False
        self.touched_late = False
        self.counted_played_ms: i32 = 0
        self.counted_watched_ms: i32 = 0
        self.counted_at: i64 = 0
        self.episode_row: Row | None = None
        self.curve_row: Row | None = None

    @property
    def counts(self) -> bool:
        """Whether it is a play that started, and no preview."""
        return self.place is not None and self.reason != PREVIEW_REASON

    @property
    def playback_id(self) -> str:
        """What its events call it."""
        return self.id_text or uuid(self.id_high, self.id_low)

    def is_called(self, text: str, first: i64, last: i64) -> bool:
        """Whether this is its id, as `halves_of` returns it."""
        return first == self.id_high and last == self.id_low and text == self.id_text

    @property
    def start_reason(self) -> str:
        """Why it was started."""
        return START_REASONS[self.reason]


@final
@mypyc_attr(acyclic=True)
class Sitting:
    """Plays of one viewer and series close to each other, as they are counted. `place`: of the first."""

    __slots__ = ("deliberate", "depth", "end_at", "place", "played_ms", "run", "start_at")

    def __init__(
        self, place: Place, start_at: i64, end_at: i64, depth: i16, run: i16, deliberate: i16, played_ms: i64
    ) -> None:
        self.place = place
        self.start_at = start_at
        self.end_at = end_at
        self.depth = depth
        self.run = run
        self.deliberate = deliberate
        self.played_ms = played_ms


class DayDimensions(NamedTuple):
    """Where a viewer's day counts. Shared."""

    platform: str
    country: str
    tenure: str
    payer_state: str


@final
@mypyc_attr(acyclic=True)
class Day:
    """A viewer's day: its first event, and how many objects of each kind fall on it."""

    __slots__ = (
        "counted_as", "counted_flags", "dimensions", "event_high", "event_low", "first_at",
        "met_paywall", "paid", "played_after_unlock", "started_checkout", "touched", "unlocked", "watched",
    )  # fmt: skip

    def __init__(self, first_at: i64, event_high: i64, event_low: i64, dimensions: DayDimensions) -> None:
        self.first_at = first_at
        self.event_high = event_high
        self.event_low = event_low
        self.dimensions = dimensions
        self.watched: i32 = 0
        self.met_paywall: i32 = 0
        self.started_checkout: i32 = 0
        self.unlocked: i32 = 0
        self.paid: i32 = 0
        self.played_after_unlock: i32 = 0
        self.counted_as: DayDimensions | None = None
        self.counted_flags: i16 = 0
        self.touched = False

    @property
    def end_at(self) -> i64:
        """The midnight that ends it."""
        return (self.first_at // DAY_MS + 1) * DAY_MS


@final
@mypyc_attr(acyclic=True)
class Viewer:
    """All that is known of a viewer.

    Most viewers have one hot play, one sitting and one day: each has a field of its own, and a list only
    for what goes beyond it. Read them by `plays_of`, `sittings_of`, `days_of`.

    Attributes:
        play: the hot play that was opened last.
        more_plays: the other hot ones, the one that was opened last first.
        sitting: of the hot plays, as `more_sittings`.
        cold: plays of sittings that are over, packed (see cold.py).
        cold_to: the greatest `last_at` among them.
        latest_at: the greatest time of a start or an impression.
        day: the latest; `more_days`: those before it, the latest first.
        today_from: after this and before `today_until` an event cannot be the first of a day.
        paywall: None, packed (see cold.py), or live.
        paywall_to: `last_at` of a packed paywall.
    """

    __slots__ = (
        "cold", "cold_to", "day", "latest_at", "more_days", "more_plays", "more_sittings", "paywall",
        "paywall_to", "play", "sitting", "today_from", "today_until",
    )  # fmt: skip

    def __init__(self) -> None:
        self.play: Play | None = None
        self.more_plays: list[Play] | None = None
        self.sitting: Sitting | None = None
        self.more_sittings: list[Sitting] | None = None
        self.cold = b""
        self.cold_to: i64 = 0
        self.latest_at: i64 = 0
        self.day: Day | None = None
        self.more_days: list[Day] | None = None
        self.today_from: i64 = 0
        self.today_until: i64 = 0
        self.paywall: Paywall | bytes | None = None
        self.paywall_to: i64 = 0


def plays_of(viewer: Viewer) -> list[Play]:
    """Return the hot plays, the one that was opened last first."""
    if viewer.play is None:
        return []
    return [viewer.play] if viewer.more_plays is None else [viewer.play, *viewer.more_plays]


def keep_plays(viewer: Viewer, plays: list[Play]) -> None:
    """Let these be the hot plays."""
    viewer.play = plays[0] if plays else None
    viewer.more_plays = plays[1:] if len(plays) > 1 else None


def sittings_of(viewer: Viewer) -> list[Sitting]:
    """Return the sittings of the hot plays."""
    if viewer.sitting is None:
        return []
    return [viewer.sitting] if viewer.more_sittings is None else [viewer.sitting, *viewer.more_sittings]


def keep_sittings(viewer: Viewer, sittings: list[Sitting]) -> None:
    """Let these be the sittings."""
    viewer.sitting = sittings[0] if sittings else None
    viewer.more_sittings = sittings[1:] if len(sittings) > 1 else None


def days_of(viewer: Viewer) -> list[Day]:
    """Return the days, the latest first."""
    if viewer.day is None:
        return []
    return [viewer.day] if viewer.more_days is None else [viewer.day, *viewer.more_days]


def keep_days(viewer: Viewer, days: list[Day]) -> None:
    """Let these, the latest first, be the days."""
    viewer.day = days[0] if days else None
    viewer.more_days = days[1:] if len(days) > 1 else None
