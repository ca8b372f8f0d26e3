"""Small worlds in which what is rare happens often: a log of one partition, dense in ids and in times.

Everything is drawn from a `random.Random`, so that a seed is a world, and hypothesis can draw one too.
"""

import json
from random import Random
from typing import Any, NamedTuple

from schemas.rules import FoldRules

Event = dict[str, Any]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MIDNIGHT = 1_699_920_000_000  # 2023-11-14T00:00:00Z

PATIENT = FoldRules(lateness_ms=7 * DAY, sitting_gap_ms=10 * MINUTE, generation_ms=4 * MINUTE, experiment="x")
"""Nothing is late and nothing is forgotten, as the oracle has it; generations are short."""
IMPATIENT = FoldRules(
    lateness_ms=20 * MINUTE, sitting_gap_ms=10 * MINUTE, generation_ms=4 * MINUTE, experiment="x"
)
"""Much is late and much is forgotten: here a fold without faults says what is right."""

_STEPS = (0, 1, MINUTE - 1, MINUTE, 5 * MINUTE, 5 * MINUTE + 1, 10 * MINUTE, 10 * MINUTE + 1, 20 * MINUTE)
_PAUSES = (0, 0, 0, 1, MINUTE, 4 * MINUTE, 11 * MINUTE)
_LEAPS = {PATIENT: (HOUR, 11 * HOUR), IMPATIENT: (HOUR, 25 * HOUR, 55 * HOUR)}
"""So short that nothing is late for the patient; so long that the impatient forget all that was."""


class Message(NamedTuple):
    """A message of the log, and its broker's time."""

    timestamp_ms: int
    payload: bytes


class World(NamedTuple):
    """The messages of one partition, the events in them, the rules."""

    rules: FoldRules
    messages: tuple[Message, ...]
    events: tuple[Event, ...]


def world(
    rng: Random,
    rules: FoldRules,
    *,
    most: int = 12,
    viewers: str = "vvvvw",
    binge: bool = False,
    border: bool = False,
    crowd: bool = False,
    forget: float = 0.0,
) -> World:
    """Draw a world of at most so many messages, of any theme, or of one that is all about continuation.

    `border`: what a play and a sitting are hangs on the rules. `crowd`: all viewers fall on
    the same rows. `forget`: so many of its messages end with a request to be forgotten.
    """
    kinds, narrow = BORDER if border else CROWD if crowd else rng.choice(BINGES if binge else THEMES)
    leaps = _LEAPS[rules] if rng.random() < (0.1 if binge else 0.4) else _PAUSES
    now = MIDNIGHT + rng.choice((0, 5 * MINUTE, 20 * MINUTE))
    messages, events = [], []
    for _ in range(rng.randint(3, most)):
        now += rng.choice(leaps if rng.random() < 0.15 else _PAUSES)
        many = rng.choice((2, 3, 5) if crowd else (1, 1, 1, 2, 3))
        some = [event(rng, now, rng.choice(kinds), viewers, narrow) for _ in range(many)]
        if forget and rng.random() < forget:
            some.append(event(rng, now, "viewer_deletion", viewers, narrow))
        payload = [json.dumps(one).encode() for one in some]
        if rng.random() < 0.05:
            payload.append(b"{")
        messages.append(Message(now, b"\n".join(payload)))
        events += some
    return World(rules, tuple(messages), tuple(events))


def event(rng: Random, now: int, kind: str, viewers: str, narrow: dict[str, Any]) -> Event:
    """Draw an event of a kind that is received now and occurred at a time at which others did."""
    pick = rng.choice
    steps = narrow.get("steps", _STEPS)
    late = now - pick(steps) if rng.random() < 0.6 else MIDNIGHT - 10 * MINUTE + pick(steps)
    at = min(late, now)
    number = rng.randrange(40)
    return {
        "schema_version": 1,
        "event_id": f"{number:08x}-0000-4000-8000-000000000000",
        "event_type": kind,
        "viewer_id": pick(viewers),
        "occurred_at": at,
        "sent_at": now,
        "received_at": now,
        "environment": pick(("production",) * 19 + ("sandbox",)),
        "platform": pick(narrow.get("platform", ("ios", "ios", "ios", "tv"))),
        "country": pick(narrow.get("country", ("US", "US", None))),
        "installed_at": (None, MIDNIGHT - DAY, MIDNIGHT)[number % 3],
        "payer_state": pick((None, None, "never")),
        **{name: pick(narrow.get(name, values)) for name, values in _FIELDS[kind].items()},
    }


_CONTENT = {"series_id": "ssst", "episode_no": (1, 1, 2, 2, 3)}
_IMPRESSION = ("i1", "i2", "i3")
_FIELDS: dict[str, dict[str, Any]] = {
    "play_start": _CONTENT | {
        "playback_id": ("p1", "p2", "p3"),
        "duration_ms": (60_000, 60_000, 300_001),
        "start_reason": ("tap", "tap", "auto_next", "preview"),
        "start_position_ms": (0, 0, 57_000),
        "paywall_no": (0, 0, 1),
    },
    "heartbeat": {
        "playback_id": ("p1", "p2", "p3"),
        "position_ms": (0, 15_000, 57_000, 60_000),
        "played_ms": (None, 0, 10_000, 60_000),
        "watched_ms": (None, None, None, 0, 30_000, 60_000),
    },
    "paywall_impression": _CONTENT | {
        "paywall_impression_id": _IMPRESSION,
        "paywall_id": ("w1", "w1", "w2"),
        "paywall_no": (1, 1, 2),
        "trigger": ("auto_next", "list_tap"),
        "experiments": ([], [{"id": "x", "variant": "a"}], [{"id": "x", "variant": "b"}]),
    },
    "paywall_dismiss": {"paywall_impression_id": _IMPRESSION},
    "checkout_start": {"paywall_impression_id": _IMPRESSION, "order_id": ("o1", "o2")},
    "purchase": {
        "order_id": ("o1", "o2"),
        "transaction_id": ("t1", "t2"),
        "product_type": ("coin_pack", "subscription_initial", "bundle"),
        "amount_usd_micros": (0, 1, 10),
    },
    "purchase_failed": {"order_id": ("o1", "o2")},
    "refund": {"order_id": ("o1", "o2"), "transaction_id": ("t1", "t2"), "amount_usd_micros": (-1, -10)},
    "ad_reward": {
        "ad_session_id": ("a1", "a2"),
        "verified": (False, True, True),
        "revenue_usd_micros": (0, 5),
        "paywall_impression_id": (None, *_IMPRESSION),
    },
    "viewer_deletion": {"requested_at": (MIDNIGHT,)},
    "unlock": _CONTENT | {
        "unlock_id": ("u1", "u2"),
        "method": ("coins", "coins", "ad", "subscription", "free_grant"),
        "coins_paid": (0, 3),
        "coins_bonus": (0, 2),
        "revenue_usd_micros": (0, 7),
        "paywall_impression_id": (None, None, *_IMPRESSION),
    },
}  # fmt: skip

_PLAYS = ("play_start", "play_start", "heartbeat", "heartbeat")
_GATES = ("paywall_impression", "paywall_impression", "unlock", "unlock", "play_start")
_MONEY = ("checkout_start", "checkout_start", "purchase", "refund", "ad_reward", "purchase_failed")
_BINGE = {
    "platform": ("ios",), "country": ("US",), "series_id": "s", "episode_no": (1, 2),
    "playback_id": ("p1", "p2"), "paywall_impression_id": ("i1", "i2"), "duration_ms": (60_000,),
    "start_position_ms": (0,), "position_ms": (57_000,), "played_ms": (60_000,),
    "watched_ms": (None, None, None, 0, 60_000),
    "paywall_no": (1,), "paywall_id": ("w1",), "start_reason": ("tap", "auto_next", "preview"),
}  # fmt: skip
"""Nearly every play is complete, and what follows it is a play or a paywall of the next episode."""
BINGES: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (_PLAYS, _BINGE),
    (("play_start", "heartbeat", "paywall_impression", "paywall_impression"), _BINGE),
)
BORDER: tuple[tuple[str, ...], dict[str, Any]] = (
    (*_PLAYS, "paywall_impression"),
    _BINGE | {
        "playback_id": ("p1", "p2", "p3"), "played_ms": (10_000, 10_000, 10_000, 60_000),
        "watched_ms": (None,), "start_reason": ("tap", "auto_next"),
    },
)  # fmt: skip
"""Plays as long as the rules ask for, and starts as far apart."""
CROWD: tuple[tuple[str, ...], dict[str, Any]] = (
    (*_PLAYS, "paywall_impression", "paywall_impression", "paywall_impression", "unlock", "checkout_start"),
    _BINGE | {
        "steps": (0, 0, 1, MINUTE), "episode_no": (1, 1, 1, 2), "trigger": ("auto_next",),
        "experiments": ([],), "method": ("coins", "ad"),
    },
)  # fmt: skip
"""Viewers who differ in nothing, in many slices of a count."""
THEMES: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    *BINGES,
    (_PLAYS, {}),
    ((*_PLAYS, "paywall_impression"), {}),
    (_GATES, {}),
    ((*_GATES, *_MONEY, "paywall_dismiss"), {}),
    ((*_PLAYS, *_GATES, *_MONEY), {}),
)
