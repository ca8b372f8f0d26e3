"""What the watermark has passed is gone at that offset, in memory or not: a sweep decides no number."""

import pytest

from tests.oracle.oracle import diff
from tests.properties.folding import view
from tests.unit.oracle.events import (
    HOUR,
    MINUTE,
    checkout,
    dismissed,
    failure,
    heartbeat,
    purchase,
    refund,
    reward,
    shown,
    start,
    unlock,
)
from tests.unit.streams.folded import Folding, folding, message, rows, total


def swept(before, after) -> list[str]:
    """What a sweep between two stretches of events changes in the rows."""
    never = folding([*before, *after])
    once = folding(before)
    once.sweep()
    for event in after:
        once.take(message([event]))
    return diff(view(never.finish()), view(once.finish()))


def test_a_play_that_turns_valid_long_after_midnight_does_not_reach_back_to_a_day_that_is_gone():
    """Whether it did was decided by whether the day had been swept yet."""
    evening = [start("p1", 11 * HOUR), heartbeat("p1", 14 * HOUR), start("p2", 19 * HOUR + 10 * MINUTE)]
    assert swept(evening, [heartbeat("p1", 19 * HOUR + 11 * MINUTE, played=10_000)]) == []


def test_a_play_that_turns_valid_soon_after_midnight_counts_on_the_day_it_started():
    evening = [start("p1", 11 * HOUR), heartbeat("p1", 14 * HOUR, played=10_000)]
    found = view(folding(evening).finish())["viewer_days"]
    assert [day["watched"] for _, day in sorted(found.items())] == [1, 0]


def test_a_copy_of_what_is_closed_or_gone_is_late_and_changes_nothing():
    folded = Folding(folding([]).partition.rules)
    lines = [shown(), checkout(), unlock(names="i1"), purchase()]
    for event in [*lines, start("p9", 80 * HOUR)]:
        folded.take(message([event]))
    folded.sweep()
    assert [r.reason for event in lines for r in folded.take(message([event]))] == ["late"] * 4


def test_what_an_open_impression_leans_on_is_kept_longer_than_it_can_change():
    before = [shown("i1"), shown("i2", 23 * HOUR), start("p9", 50 * HOUR)]
    after = [dismissed("i2", 50 * HOUR)]
    assert swept(before, after) == []
    assert total("paywall_minutes", "first_impressions", [*before, *after]) == 1


AGAIN = 80 * HOUR
LATER = start("p9", 79 * HOUR)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([shown(), unlock(names="i1")], [shown("i1", AGAIN, episode=3)]),
        ([failure(), checkout()], [shown("i1", AGAIN)]),
        ([reward()], [shown("i1", AGAIN), unlock("u2", AGAIN, names="i1")]),
    ],
    ids=["an unlock", "an order", "an ad session"],
)
def test_an_impression_whose_id_comes_again_after_days_has_nothing_of_the_first(before, after):
    """A player that uses ids again after days: what an impression is worth took in what was gone."""
    assert swept([*before, LATER], after) == []


def test_what_befalls_an_order_after_its_impression_closed_counts_the_same_whenever_one_counts():
    """What befell an order did not touch its closed impression; an unlock that named that had it counted.

    Before the failure or after it, as one happened to count.
    """
    minutes = 30 * HOUR + 10 * MINUTE
    kept_open = refund("o1", 29 * HOUR)
    lines = [shown(), checkout(), kept_open, unlock(at=minutes, names="i1"), failure(at=minutes + 1)]
    assert len(rows("paywall_minutes", lines)) == 1


@pytest.mark.parametrize(
    ("paid", "revenue"),
    [([checkout(), purchase()], 100), ([reward()], 7)],
    ids=["an order", "an ad session"],
)
def test_what_was_paid_long_before_its_impression_is_kept_as_long_as_that(paid, revenue):
    """An order that names an impression of the day after: a sweep before the last event took the revenue."""
    started_at = 51 * HOUR + 5 * MINUTE
    before = [
        *paid,
        shown("i1", 27 * HOUR + 30 * MINUTE),
        unlock(at=51 * HOUR + MINUTE, names="i1"),
        start("q", started_at + 6 * HOUR, viewer_id="another"),
    ]
    after = [start("p2", started_at, episode=2)]
    assert swept(before, after) == []
    assert total("paywall_minutes", "revenue_usd_micros", [*before, *after]) == revenue


def test_a_play_that_stays_open_for_days_no_longer_knows_of_a_gate_of_its_first_hour():
    """It knew of it if nobody had swept since."""
    beats = [heartbeat("p1", hours * HOUR) for hours in range(5, 61, 5)]
    before = [start("p1"), shown("i1", HOUR, episode=2), *beats]
    assert swept(before, [heartbeat("p1", 64 * HOUR, position=MINUTE, played=MINUTE, watched=MINUTE)]) == []
