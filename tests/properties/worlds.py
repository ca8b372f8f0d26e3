"""Small dense worlds: few viewers, series and ids, on a coarse grid of times around every threshold.

Most differences of two times on the grid are a threshold of the definitions, one less or one more; most
ids meet again. So what is rare in a real stream is common here.
"""

import json
from typing import Any, NamedTuple

from hypothesis import strategies as st

from schemas.rules import FoldRules

Event = dict[str, Any]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MIDNIGHT = 1_699_920_000_000  # 2023-11-14T00:00:00Z

PATIENT = FoldRules(lateness_ms=7 * DAY, experiment="x")
"""Rules under which nothing in these worlds is late and nothing is forgotten: as the oracle does."""
IMPATIENT = FoldRules(experiment="x")
"""The rules of a platform that chose none but its experiment."""

_STEPS = (
    0, 1, SECOND, MINUTE - 1, MINUTE, MINUTE + 1, 5 * MINUTE, 5 * MINUTE + 1, 10 * MINUTE, 29 * MINUTE,
    30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1, HOUR,
)  # fmt: skip
_LEAPS = (0, 0, 0, 0, 23 * HOUR, DAY - 5 * MINUTE, DAY, DAY + 1)


def grid(leaps: tuple[int, ...] = _LEAPS) -> st.SearchStrategy[int]:
    """Times since the epoch whose differences are thresholds; midnight lies among them."""
    step = st.sampled_from(_STEPS)
    return st.builds(
        lambda a, b, leap: MIDNIGHT - 30 * MINUTE + a + b + leap, step, step, st.sampled_from(leaps)
    )


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


_PLAYS = one_of("p1", "p2", "p3", "p4")
_GATES = one_of("i1", "i2", "i3")
_GATES_OR_NONE = one_of(None, None, "i1", "i2", "i3")
_EPISODES = one_of(1, 1, 2, 2, 3)
_SERIES = one_of("s", "s", "s", "t")
_POSITIONS = one_of(0, 2_999, 3_000, 15_000, 29_999, 30_000, 45_000, 56_999, 57_000, 60_000, 90_000)
_COUNTERS = one_of(None, 0, 9_999, 10_000, 14_999, 15_000, 53_999, 54_000, 60_000, 80_000)
_METHODS = one_of("coins", "coins", "ad", "subscription", "bundle", "free_grant", "auto_coins")
_PRODUCTS = one_of("coin_pack", "subscription_initial", "subscription_renewal", "bundle")
_AMOUNTS = one_of(0, 1, 10, 100)
_ORDERS = one_of("o1", "o2")
_TRANSACTIONS = one_of("t1", "t2")
_EXPERIMENTS = one_of(
    [], [{"id": "x", "variant": "a"}], [{"id": "x", "variant": "b"}, {"id": "x", "variant": "a"}],
    [{"id": "y", "variant": "a"}],
)  # fmt: skip


def _content(**more: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {"series_id": _SERIES, "episode_no": _EPISODES} | more


_SHAPES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "play_start": _content(
        playback_id=_PLAYS,
        duration_ms=one_of(60_000, 60_000, 30_000, 300_000, 300_001),
        start_reason=one_of("tap", "tap", "auto_next", "auto_next", "next_swipe", "preview"),
        start_position_ms=one_of(0, 0, 2_999, 3_000, 57_000),
        paywall_no=one_of(0, 0, 1),
    ),
    "heartbeat": {
        "playback_id": _PLAYS,
        "position_ms": _POSITIONS,
        "played_ms": _COUNTERS,
        "watched_ms": _COUNTERS,
    },
    "paywall_impression": _content(
        paywall_impression_id=_GATES,
        duration_ms=st.just(60_000),
        paywall_id=one_of("w1", "w1", "w2"),
        paywall_no=one_of(1, 1, 2),
        trigger=one_of("auto_next", "list_tap"),
        experiments=_EXPERIMENTS,
    ),
    "paywall_dismiss": {"paywall_impression_id": _GATES},
    "checkout_start": {"paywall_impression_id": _GATES, "order_id": _ORDERS},
    "purchase": {
        "order_id": _ORDERS,
        "transaction_id": _TRANSACTIONS,
        "product_type": _PRODUCTS,
        "amount_usd_micros": _AMOUNTS,
    },
    "purchase_failed": {"order_id": _ORDERS, "product_type": _PRODUCTS},
    "refund": {
        "order_id": _ORDERS,
        "transaction_id": _TRANSACTIONS,
        "product_type": _PRODUCTS,
        "amount_usd_micros": one_of(-1, -10, -100),
    },
    "ad_reward": {
        "ad_session_id": one_of("a1", "a2"),
        "verified": st.booleans(),
        "revenue_usd_micros": _AMOUNTS,
        "paywall_impression_id": _GATES_OR_NONE,
    },
    "unlock": _content(
        unlock_id=one_of("u1", "u2", "u3"),
        duration_ms=st.just(60_000),
        method=_METHODS,
        coins_paid=one_of(0, 3),
        coins_bonus=one_of(0, 2),
        revenue_usd_micros=_AMOUNTS,
        paywall_impression_id=_GATES_OR_NONE,
    ),
}
_OFTEN = ("play_start", "heartbeat", "heartbeat", "paywall_impression", "unlock")
_SELDOM = ("pause", "resume", "seek", "stall", "player_error", "play_end")
_PROGRESS_EXTRAS: dict[str, Event] = {
    "seek": {"from_ms": 0, "to_ms": 60_000},
    "stall": {"stalled_ms": 10},
    "player_error": {"code": "decoder", "fatal": False},
    "play_end": {"end_reason": "exit"},
}
KINDS = (*_SHAPES, *_OFTEN, *_OFTEN, "progress")


def event_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


@st.composite
def events(draw: st.DrawFn, times: st.SearchStrategy[int], viewers: tuple[str, ...] = ("v", "w")) -> Event:
    """Any event but a deletion. Its clock may be two days off, and it may have waited in the phone."""
    kind = draw(st.sampled_from(KINDS))
    extras: Event = {}
    if kind == "progress":
        kind = draw(st.sampled_from(_SELDOM))
        extras = _PROGRESS_EXTRAS.get(kind, {})
    at = draw(times)
    waited = draw(one_of(0, 0, 0, 0, MINUTE, 3 * HOUR))
    skew = draw(one_of(0, 0, 0, 2 * DAY, -2 * DAY))
    number = draw(st.integers(0, 500))
    made: Event = {
        "schema_version": 1,
        "event_id": event_id(number),
        "event_type": kind,
        "viewer_id": draw(st.sampled_from(viewers)),
        "occurred_at": at + skew,
        "sent_at": at + skew + waited,
        "received_at": at + waited,
    }
    made |= {
        "app_session_id": "session",
        "app_version": "1.0",
        "platform": draw(one_of("ios", "ios", "ios", "tv")),
        "country": draw(one_of("US", "US", "US", None)),
        "environment": draw(one_of(*["production"] * 9, "sandbox")),
        "installed_at": (None, MIDNIGHT - DAY, MIDNIGHT - 1, MIDNIGHT)[number % 4],
        "payer_state": draw(one_of(None, "never")),
    }
    shape = _SHAPES.get(kind, _SHAPES["heartbeat"])
    return made | {name: draw(values) for name, values in shape.items()} | extras


@st.composite
def deletions(draw: st.DrawFn, times: st.SearchStrategy[int], viewers: tuple[str, ...] = ("v", "w")) -> Event:
    """A request to be forgotten, which may have waited. What comes after it depends on the order."""
    at = draw(times)
    waited = draw(one_of(0, 0, 0, MINUTE, 3 * HOUR, DAY))
    return {
        "schema_version": 1,
        "event_id": event_id(draw(st.integers(501, 600))),
        "event_type": "viewer_deletion",
        "viewer_id": draw(st.sampled_from(viewers)),
        "occurred_at": at,
        "sent_at": at + waited,
        "received_at": at + waited,
        "requested_at": at,
    }


def worlds() -> st.SearchStrategy[list[Event]]:
    """Events of two viewers, in any order: a few, or so many that most of them meet."""
    event = events(grid())
    return st.lists(event, max_size=10) | st.lists(event, min_size=12, max_size=30)


class Message(NamedTuple):
    """A message of a partition, and its broker's time."""

    timestamp_ms: int
    payload: bytes

    def __repr__(self) -> str:
        """Fit for the eyes of whoever must understand a failure."""
        lines = "".join(f"\n    {_short(line)}" for line in self.payload.split(b"\n"))
        return f"message at {(self.timestamp_ms - MIDNIGHT) / MINUTE:+.3f} min:{lines}"


_UNSAID = {
    "schema_version": 1, "app_session_id": "session", "app_version": "1.0", "platform": "ios",
    "country": "US", "environment": "production", "series_id": "s", "viewer_id": "v",
}  # fmt: skip


def _short(line: bytes) -> str:
    try:
        said = json.loads(line)
        at = (said["received_at"] - said["sent_at"] + said["occurred_at"] - MIDNIGHT) / MINUTE
        came = (said["received_at"] - MIDNIGHT) / MINUTE
    except (ValueError, TypeError, KeyError):
        return repr(line)
    for name in ("occurred_at", "sent_at", "received_at"):
        del said[name]
    kept = {name: value for name, value in said.items() if _UNSAID.get(name) != value and value is not None}
    return f"at {at:+.3f} came {came:+.3f} {kept.pop('event_type')} {kept}"


def encode(event: Event) -> bytes:
    return json.dumps(event).encode()


def message(lines: list[Event]) -> Message:
    """A message that the broker took when the last of its lines was received."""
    received = max((e["received_at"] for e in lines), default=MIDNIGHT)
    return Message(received, b"\n".join(map(encode, lines)))


@st.composite
def packed(draw: st.DrawFn, lines: list[Event]) -> list[Message]:
    """The lines in this order, packed into messages of any size."""
    messages, at = [], 0
    while at < len(lines):
        size = draw(one_of(1, 1, 2, 5))
        messages.append(message(lines[at : at + size]))
        at += size
    return messages


_NAMES = (
    "playback_id", "paywall_impression_id", "order_id", "transaction_id", "ad_session_id", "unlock_id",
)  # fmt: skip
_SILENCES = (0, HOUR, 6 * HOUR, 7 * HOUR, DAY, 31 * HOUR, 55 * HOUR, 80 * HOUR)


@st.composite
def _stretches(draw: st.DrawFn, *, forget: bool) -> list[Event]:
    """Events, more or less in order, in groups between which hours or days of silence lie.

    Ids meet again after hours, and not after days: players do not use them again.
    """
    found, base = [], 0
    for _ in range(draw(st.integers(1, 5))):
        base += draw(st.sampled_from(_SILENCES))
        times = grid((base, base, base, base + HOUR))
        event = events(times, ("v",))
        group = draw(st.lists(event | deletions(times, ("v",)) if forget else event, max_size=8))
        for event in group:
            for name in _NAMES:
                if event.get(name):
                    event[name] += f" of {base // (30 * HOUR)}"
        found += sorted(group, key=lambda e: e["received_at"])
    return found


def histories(*, forget: bool = False) -> st.SearchStrategy[list[Message]]:
    """Messages of a stream that is silent for hours or days between groups of events.

    With `forget` the viewer asks to be forgotten now and then, and goes on all the same.
    """
    return _stretches(forget=forget).flatmap(packed)
