"""When a paywall counts as shown, and what the viewer then does with it."""

import pytest

from tests.e2e.sdk.browser import episode

GATE = {
    "paywallId": "gate-7",
    "trigger": "auto_next",
    "content": episode(3, duration_ms=60_000, is_free=False, paywall_no=1),
    "offers": [{"offer_id": "o-1", "method": "coins", "coins": 60}],
    "coinPrice": 60,
    "coinBalance": 5,
}
WAIT = "ms => new Promise(resolve => setTimeout(resolve, ms))"


@pytest.fixture
def gate(site):
    """A paywall that is watched and not visible yet."""
    site.open()
    site.do("gate => { window.gate = player.paywall(paywall, gate); }", GATE)
    return site


def test_a_paywall_is_shown_once_it_was_visible_for_a_second(gate):
    gate.do("paywall.hidden = false")
    gate.do(WAIT, 1_200)
    gate.do("gate.dismiss(); player.flush()")

    impression, dismiss = gate.recorder.of("paywall_impression", "paywall_dismiss")
    assert impression["paywall_impression_id"] == dismiss["paywall_impression_id"] == gate.do("gate.id")
    assert (impression["paywall_id"], impression["trigger"]) == ("gate-7", "auto_next")
    assert (impression["episode_no"], impression["paywall_no"], impression["is_free"]) == (3, 1, False)
    assert (impression["coin_price"], impression["coin_balance"]) == (60, 5)
    assert impression["offers"] == GATE["offers"]
    assert dismiss["dwell_ms"] == pytest.approx(1_200, abs=250)


def test_one_that_is_only_loaded_or_closed_within_a_second_is_none(gate):
    gate.do(WAIT, 1_200)
    gate.do("paywall.hidden = false")
    gate.do(WAIT, 300)
    gate.do("gate.dismiss()")
    gate.do(WAIT, 1_000)
    gate.flush()
    assert gate.recorder.events == []


def test_a_touch_shows_it_at_once(gate):
    gate.do("paywall.hidden = false")
    gate.page.click("#offer")
    gate.page.click("#offer")
    gate.flush()
    assert [event["event_type"] for event in gate.recorder.events] == ["paywall_impression"]


def test_a_checkout_names_the_impression_and_gives_the_order_to_the_page(gate):
    gate.do("paywall.hidden = false")
    first = gate.do("gate.checkoutStart({ offerId: 'o-1' })")
    second = gate.do("gate.checkoutStart({ orderId: 'order-2' })")
    gate.flush()

    impression, *checkouts = gate.recorder.of("paywall_impression", "checkout_start")
    assert [checkout["order_id"] for checkout in checkouts] == [first, second]
    assert second == "order-2"
    assert checkouts[0]["offer_id"] == "o-1"
    assert {c["paywall_impression_id"] for c in checkouts} == {impression["paywall_impression_id"]}
