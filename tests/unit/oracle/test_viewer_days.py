"""The day of a viewer: what it was, and what of it happened on which day."""

import pytest

from tests.unit.oracle.events import (
    DAY,
    HOUR,
    MIDNIGHT,
    MINUTE,
    SECOND,
    checkout,
    dismissed,
    event_id,
    failure,
    heartbeat,
    key,
    purchase,
    row,
    rows,
    shown,
    start,
    total,
    unlock,
    watch,
)

TO_MIDNIGHT = 12 * HOUR


def flags(*events):
    return {name for name, n in row("viewer_days", events).items() if n}


def days(flag, *events):
    """The days, counted from the Tuesday, on which the flag is up."""
    found = rows("viewer_days", events).items()
    return sorted((k[0] * SECOND - MIDNIGHT) // DAY for k, r in found if r[flag])


@pytest.mark.parametrize(
    ("events", "flag"),
    [
        ([dismissed()], None),
        ([heartbeat(played=MINUTE)], None),
        ([start()], None),
        (watch(), "watched"),
        (watch(reason="preview"), None),
        ([shown()], "met_paywall"),
        ([checkout()], "started_checkout"),
        ([failure()], None),
        ([unlock(method="free_grant")], "unlocked"),
        ([purchase(product="subscription_renewal")], "paid"),
        ([purchase(amount=0)], None),
    ],
)
def test_a_day_is_active_and_what_else_happened(events, flag):
    assert flags(*events) == {"active"} | ({flag} if flag else set())


def test_a_viewer_counts_once_a_day_and_viewers_add_up():
    both = [unlock("u1"), unlock("u2", 1), unlock("u1", viewer_id="w")]
    assert row("viewer_days", both)["unlocked"] == 2


def test_a_day_ends_before_midnight():
    assert days("active", dismissed(at=TO_MIDNIGHT - 1), dismissed(at=TO_MIDNIGHT)) == [0, 1]


def test_watched_belongs_to_the_day_of_the_start():
    assert days("watched", *watch(at=TO_MIDNIGHT - 1)) == [0]


def test_a_checkout_belongs_to_the_day_of_the_first_checkout_of_its_order():
    assert days("started_checkout", checkout(at=TO_MIDNIGHT), checkout(at=TO_MIDNIGHT - 1)) == [0]


def test_paid_belongs_to_the_day_of_the_first_event_of_its_transaction():
    assert days("paid", purchase(at=DAY), purchase(at=0)) == [0]
    assert days("paid", purchase(at=DAY, transaction="t2"), purchase(at=0)) == [0, 1]


def test_a_transaction_that_was_free_at_first_did_not_pay():
    assert days("paid", purchase(at=0, amount=0), purchase(at=1, amount=5)) == []


def test_met_and_unlocked_belong_to_the_day_of_the_first_event():
    assert days("met_paywall", shown(at=DAY), shown(at=0)) == [0]
    assert days("unlocked", unlock(at=DAY), unlock(at=0)) == [0]


@pytest.mark.parametrize(("after", "played"), [(-1, 0), (0, 1), (5 * MINUTE, 1), (5 * MINUTE + 1, 0)])
def test_played_after_unlock_is_a_start_within_five_minutes(after, played):
    events = [unlock(method="auto_coins"), start(at=after, episode=2)]
    assert total("viewer_days", "played_after_unlock", events) == played


@pytest.mark.parametrize(
    "other", [{"episode": 3}, {"series_id": "x"}, {"reason": "preview"}, {"viewer_id": "w"}]
)
def test_played_after_unlock_is_of_the_episode_unlocked(other):
    events = [unlock(), start(at=1, **{"episode": 2} | other)]
    assert total("viewer_days", "played_after_unlock", events) == 0


def test_played_after_unlock_belongs_to_the_day_of_the_unlock():
    events = [unlock(at=TO_MIDNIGHT - 1), start(at=TO_MIDNIGHT, episode=2)]
    assert days("played_after_unlock", *events) == [0]


@pytest.mark.parametrize(
    ("installed_at", "tenure"),
    [
        (MIDNIGHT - 1, "returning"),
        (MIDNIGHT, "new"),
        (MIDNIGHT + DAY - 1, "new"),
        (MIDNIGHT + DAY, "returning"),
        (0, "returning"),
        (None, "unknown"),
    ],
)
def test_new_is_who_installed_on_that_day(installed_at, tenure):
    assert key("viewer_days", [dismissed() | {"installed_at": installed_at}])[3] == tenure


def test_the_first_event_of_the_day_gives_the_dimensions():
    later = dismissed(at=1) | {"platform": "tv", "payer_state": "subscriber"}
    first = dismissed(at=0) | {"platform": "web", "payer_state": "lapsed", "country": None}
    assert key("viewer_days", [later, first])[1:] == ("web", "", "unknown", "lapsed")


def test_each_day_has_dimensions_of_its_own():
    events = [dismissed(at=0) | {"platform": "web"}, dismissed(at=DAY) | {"platform": "tv"}]
    assert [k[1] for k in sorted(rows("viewer_days", events))] == ["web", "tv"]


def test_a_tie_goes_to_the_smaller_event_id_and_then_to_the_smaller_fields():
    one = dismissed() | {"event_id": event_id(1), "platform": "tv"}
    two = dismissed() | {"event_id": event_id(2), "platform": "ios"}
    assert key("viewer_days", [two, one])[1] == "tv"
    absent, given = one, one | {"installed_at": 0, "payer_state": "coin_payer"}
    assert key("viewer_days", [absent, given])[1:] == ("tv", "US", "returning", "coin_payer")


def test_a_sandbox_event_is_no_activity():
    assert rows("viewer_days", [dismissed() | {"environment": "sandbox"}]) == {}
