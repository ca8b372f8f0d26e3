"""Which impression an unlock answers, and what that counts."""

import pytest

from tests.unit.oracle.events import (
    DAY,
    HOUR,
    MINUTE,
    event_id,
    row,
    rows,
    shown,
    start,
    total,
    unlock,
)

METHODS = ["coins", "ad", "subscription", "bundle"]


def converted(*events):
    return total("paywall_minutes", "converted_24h", events)


def without(*events):
    return total("unlock_minutes", "without_impression", events)


@pytest.mark.parametrize("method", METHODS)
def test_a_conversion_counts_by_its_method(method):
    counted = row("paywall_minutes", [shown(), unlock(at=1, method=method)])
    assert [counted[f"conversions_{m}"] for m in METHODS] == [int(m == method) for m in METHODS]


@pytest.mark.parametrize("method", ["auto_coins", "free_grant"])
@pytest.mark.parametrize("names", ["i1", None])
def test_what_needs_no_paywall_answers_none(method, names):
    events = [shown(), unlock(at=1, method=method, names=names)]
    assert converted(*events) == 0
    assert without(*events) == 1


@pytest.mark.parametrize(("delay", "answers"), [(-DAY - 1, 0), (-DAY, 1), (0, 1), (DAY, 1), (DAY + 1, 0)])
def test_a_named_impression_is_answered_within_a_day_either_way(delay, answers):
    events = [shown(), unlock(at=delay, names="i1")]
    assert converted(*events) == answers
    assert without(*events) == 1 - answers


@pytest.mark.parametrize(("delay", "answers"), [(-1, 0), (0, 1), (DAY, 1), (DAY + 1, 0)])
def test_an_unlock_that_names_none_answers_one_shown_in_the_day_before(delay, answers):
    events = [shown(), unlock(at=delay)]
    assert converted(*events) == answers
    assert without(*events) == 1 - answers


def test_a_named_impression_may_be_of_another_episode():
    assert converted(shown(), unlock(at=1, names="i1", episode=9, series_id="other")) == 1


def test_an_unlock_that_names_an_unknown_impression_answers_none():
    events = [shown(), unlock(at=1, names="never came")]
    assert converted(*events) == 0
    assert without(*events) == 1


def test_a_named_impression_out_of_reach_is_not_replaced_by_another():
    assert converted(shown("i1"), shown("i2", DAY), unlock(at=DAY + 1, names="i1")) == 0


@pytest.mark.parametrize("other", [{"episode": 3}, {"series_id": "other"}, {"viewer_id": "other"}])
def test_an_unlock_that_names_none_answers_only_its_own_gate(other):
    assert converted(shown(), unlock(at=1, **other)) == 0


def test_a_named_impression_of_another_viewer_is_not_answered():
    assert converted(shown(), unlock(at=1, names="i1", viewer_id="other")) == 0


def triggers(*events):
    """The trigger of the impression that was answered: triggers tell impressions apart in rows."""
    return [k[5] for k, r in rows("paywall_minutes", events).items() if r["converted_24h"]]


def test_of_several_the_latest_before_the_unlock_is_answered():
    early, late = shown("i2", 0, trigger="list_tap"), shown("i1", MINUTE, trigger="next_tap")
    after = shown("i3", 3 * MINUTE, trigger="deep_link")
    assert triggers(early, late, after, unlock(at=2 * MINUTE)) == ["next_tap"]


def test_of_several_shown_at_one_time_the_greater_id_is_answered():
    assert triggers(shown("i2", trigger="list_tap"), shown("i1"), unlock(at=1)) == ["list_tap"]


def test_the_first_unlock_is_the_conversion():
    events = [shown(), unlock("u1", 2, method="ad"), unlock("u2", 1, method="coins")]
    counted = row("paywall_minutes", events)
    assert (counted["conversions_coins"], counted["conversions_ad"]) == (1, 0)


def test_of_unlocks_at_one_time_the_smaller_event_id_is_the_conversion():
    later = unlock("u1", 1, method="ad", event_id=event_id(2))
    first = unlock("u2", 1, method="coins", event_id=event_id(1))
    assert row("paywall_minutes", [shown(), later, first])["conversions_coins"] == 1


@pytest.mark.parametrize(
    ("delay", "within"),
    [
        (-HOUR, [1, 1, 1, 1]),
        (MINUTE, [1, 1, 1, 1]),
        (MINUTE + 1, [0, 1, 1, 1]),
        (5 * MINUTE, [0, 1, 1, 1]),
        (5 * MINUTE + 1, [0, 0, 1, 1]),
        (30 * MINUTE, [0, 0, 1, 1]),
        (30 * MINUTE + 1, [0, 0, 0, 1]),
        (DAY, [0, 0, 0, 1]),
        (DAY + 1, [0, 0, 0, 0]),
    ],
)
def test_a_conversion_counts_within_every_time_that_holds_it(delay, within):
    counted = row("paywall_minutes", [shown(), unlock(at=delay, names="i1")])
    assert [counted[f"converted_{w}"] for w in ("1m", "5m", "30m", "24h")] == within


@pytest.mark.parametrize(("after", "played"), [(-1, 0), (0, 1), (5 * MINUTE, 1), (5 * MINUTE + 1, 0)])
def test_played_after_is_a_start_within_five_minutes_of_the_conversion(after, played):
    events = [shown(), unlock(at=MINUTE), start(at=MINUTE + after, episode=2)]
    assert row("paywall_minutes", events)["played_after"] == played


@pytest.mark.parametrize(
    "other",
    [{"episode": 3}, {"series_id": "other"}, {"viewer_id": "other"}, {"reason": "preview"}],
)
def test_played_after_is_of_the_impressions_own_episode(other):
    events = [shown(), unlock(at=0), start(at=1, **{"episode": 2} | other)]
    assert row("paywall_minutes", events)["played_after"] == 0


def test_played_after_goes_by_the_episode_of_the_impression_and_not_of_the_unlock():
    events = [shown(episode=2), unlock(names="i1", episode=9), start(at=1, episode=2)]
    assert row("paywall_minutes", events)["played_after"] == 1


def test_the_time_of_played_after_is_a_setting():
    events = [shown(), unlock(), start(at=2, episode=2)]
    assert row("paywall_minutes", events, played_after_ms=2)["played_after"] == 1
    assert row("paywall_minutes", events, played_after_ms=1)["played_after"] == 0
