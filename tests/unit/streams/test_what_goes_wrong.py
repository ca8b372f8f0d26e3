"""What goes wrong in real streams: each case has a place where it lands. The names of the tests say where."""

import pytest

from schemas.reasons import Reason
from schemas.rules import FoldRules
from tests.properties.folding import Folding, view
from tests.properties.worlds import Message
from tests.unit.oracle.events import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    NOON_S,
    SECOND,
    checkout,
    heartbeat,
    purchase,
    shown,
    start,
    unlock,
    watch,
)
from tests.unit.streams.folded import RULES, encode, folding, message, row, rows, total
from tests.unit.streams.refusals import reason, with_field

# Clocks


def test_of_tied_starts_the_smaller_event_id_says_what_a_play_is():
    first, second = start(episode=1), start(episode=2)
    for order in ([first, second], [second, first]):
        assert [key[2] for key in rows("episode_minutes", order)] == [1]


def test_of_tied_starts_of_the_next_episode_the_smaller_event_id_decides_how_it_went_on():
    ends = watch()
    auto, tapped = start("p2", MINUTE, episode=2, reason="auto_next"), start("p3", MINUTE, episode=2)
    for order in ([auto, tapped], [tapped, auto]):
        assert total("episode_minutes", "continued_auto", [*ends, *order]) == 1
        assert total("episode_minutes", "continued_deliberate", [*ends, *order]) == 0


def test_all_events_at_one_time_count_once_each():
    lines = [start(), heartbeat(), heartbeat(position=5), shown(episode=1), unlock(episode=1)]
    assert folding(lines).partition.tally.applied == 4  # the first heartbeat says nothing new
    assert row("unlock_minutes", lines)["without_impression"] == 0


def test_an_event_hours_late_from_an_offline_phone_counts_in_its_own_minute():
    late = [e | {"sent_at": NOON + 5 * HOUR, "received_at": NOON + 5 * HOUR} for e in watch()]
    online = start("p2", 5 * HOUR, episode=7)
    assert rows("episode_minutes", [online, *late])[NOON_S, "s", 1, 0, "ios", "US"]["completes"] == 1


@pytest.mark.parametrize(("age", "landed"), [(6 * HOUR, []), (6 * HOUR + 1, [Reason.LATE])])
def test_an_event_older_than_the_lateness_is_quarantined_not_counted(age, landed):
    folded = Folding(RULES)
    folded.take(message([start(at=age)]))
    old = start("p2") | {"sent_at": NOON + age, "received_at": NOON + age}
    assert [reject.reason for reject in folded.take(message([old]))] == landed


def test_an_event_of_any_environment_can_be_late():
    folded = Folding(RULES)
    folded.take(message([start(at=7 * HOUR)]))
    for old in (start(), start(environment="sandbox")):
        assert [r.reason for r in folded.take(message([old]))] == [Reason.LATE]


@pytest.mark.parametrize("skew", [2 * DAY, -2 * DAY])
def test_a_clock_two_days_off_is_corrected_and_the_event_counts(skew):
    event = start() | {
        "occurred_at": NOON + skew,
        "sent_at": NOON + skew + SECOND,
        "received_at": NOON + SECOND,
    }
    assert next(iter(rows("episode_minutes", [event])))[0] == NOON_S


def test_a_clock_that_ran_backwards_is_unusable():
    line = encode(start() | {"sent_at": NOON - 1})
    assert reason(line) == Reason.CLOCK_UNUSABLE


def test_a_corrected_time_before_1970_is_unusable():
    event = start() | {"occurred_at": 0, "sent_at": 10, "received_at": 9}
    (reject,) = Folding(FoldRules()).take(Message(9, encode(event)))
    assert reject.reason == Reason.CLOCK_UNUSABLE


def test_a_collector_that_runs_ahead_is_held_to_five_minutes_past_the_broker():
    folded = Folding(RULES)
    folded.take(Message(NOON, encode(start() | {"received_at": NOON + DAY})))
    assert folded.partition.watermark == NOON + 5 * MINUTE
    assert [key[0] for key in view(folded.finish())["episode_minutes"]] == [NOON_S + 300]


def test_where_no_collector_stood_the_broker_says_when_it_was_received():
    event = start()
    del event["received_at"]
    folded = Folding(RULES)
    folded.take(Message(NOON + MINUTE, encode(event)))
    assert [key[0] for key in view(folded.finish())["episode_minutes"]] == [NOON_S + 60]


# Players


def test_counters_that_go_back_count_as_far_as_they_got():
    lines = [
        start(), heartbeat(at=5_000, position=40_000, played=40_000, watched=40_000),
        heartbeat(at=9_000, position=5_000, played=5_000, watched=5_000),
    ]  # fmt: skip
    found = row("episode_minutes", lines)
    assert (found["played_ms"], found["watched_ms"], found["reached_50"]) == (40_000, 40_000, 1)


def test_a_player_that_restarts_its_counters_counts_the_greater_stretch():
    before = [start(), heartbeat(at=10_000, position=10_000, played=10_000)]
    after = [heartbeat(at=20_000, position=15_000, played=3_000)]
    assert row("episode_minutes", before + after)["played_ms"] == 10_000


@pytest.mark.parametrize("written", [b"0", b"-1"])
def test_a_duration_of_zero_is_quarantined(written):
    assert reason(with_field(written, "duration_ms")) == Reason.INVALID_VALUE


def test_a_missing_duration_is_quarantined():
    event = start()
    del event["duration_ms"]
    assert reason(encode(event)) == Reason.MISSING_FIELD


def test_a_duration_that_changes_is_what_the_first_start_says():
    lines = [start(duration_ms=30_000), start(at=5, duration_ms=90_000), heartbeat(at=9, position=29_000)]
    assert row("exit_curves", lines)["plays_by_bin"] == {29: 1}
    assert row("episode_minutes", lines)["reached_95"] == 1


def test_a_position_that_is_null_is_quarantined():
    line = encode(heartbeat() | {"position_ms": None})
    assert [r.reason for r in Folding(RULES).take(Message(NOON, line))] == [Reason.MISSING_FIELD]


def test_counters_that_are_null_are_absent_and_the_event_counts():
    assert row("episode_minutes", [start(), heartbeat(at=5, position=59_999)])["reached_95"] == 1


@pytest.mark.parametrize(("duration", "last_bin"), [(60_000, 59), (59_001, 59), (300_001, 299)])
def test_a_position_past_the_end_is_in_the_last_bin(duration, last_bin):
    lines = [start(duration_ms=duration), heartbeat(at=5, position=10 * duration)]
    assert row("exit_curves", lines)["plays_by_bin"] == {last_bin: 1}


def test_more_watched_than_there_is_counts_as_the_whole():
    assert row("episode_minutes", [start(), heartbeat(at=5, watched=90_000)])["watched_ms"] == MINUTE


def test_an_id_that_appears_in_mid_play_counts_nothing_until_its_start_comes():
    progress = heartbeat(at=30_000, position=60_000, played=60_000, watched=60_000)
    assert rows("episode_minutes", [progress]) == {}
    assert row("episode_minutes", [progress, start()])["completes"] == 1


# Paywalls


def test_a_preloaded_paywall_is_no_impression():
    """Nothing is sent for it; what names it counts nothing and changes no row."""
    lines = [checkout(), purchase(), unlock(names="i1")]
    assert rows("paywall_minutes", lines) == {}
    assert row("unlock_minutes", lines)["without_impression"] == 1


def test_an_unlock_without_an_impression_counts_as_such():
    assert row("unlock_minutes", [unlock()]) == {
        "unlocks": 1, "coins_paid": 0, "coins_bonus": 0, "without_impression": 1,
    }  # fmt: skip


def test_a_sandbox_purchase_is_excluded():
    lines = [shown(), checkout(), unlock(names="i1"), purchase(environment="sandbox")]
    folded = folding(lines)
    assert (folded.partition.tally.applied, folded.partition.tally.excluded) == (3, 1)
    assert row("paywall_minutes", lines)["revenue_usd_micros"] == 0
    assert row("viewer_days", lines)["paid"] == 0


def test_the_same_purchase_from_client_and_server_counts_once():
    lines = [shown(), checkout(), unlock(names="i1"), purchase(at=2), purchase(at=1)]
    assert row("paywall_minutes", lines)["revenue_usd_micros"] == 100


def test_a_preview_that_began_with_a_play_does_not_take_its_sitting_along():
    """A preview that began when a play of the same series did was packed; the play's sitting went with it.

    The next heartbeat of the play found no sitting, and the worker stopped.
    """
    both = [start("p1"), start("p2", reason="preview"), heartbeat("p1", 25 * MINUTE, position=5)]
    folded = folding([*both, start("p3", 40 * MINUTE, series_id="t")])
    folded.sweep()
    folded.take(message([heartbeat("p1", 41 * MINUTE, position=9, played=10)]))
    found = view(folded.finish())["sittings"]
    assert found[NOON_S, "s", "ios", "US"]["sittings"] == 1
    assert found[NOON_S, "s", "ios", "US"]["played_ms"] == 10
