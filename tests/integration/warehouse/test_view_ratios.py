"""The ratios of the views, by hand."""

from datetime import UTC, datetime

from schemas.tables import EPISODE_MINUTES, PAYWALL_MINUTES, UNLOCK_MINUTES, VIEWER_DAYS
from tests.contracts.warehouse import a_row, episode, paywall

DAY = datetime(2025, 11, 20, tzinfo=UTC)


def test_the_ratios_of_an_episode(writer, read):
    counters = {
        "previews": 9,
        "starts": 80,
        "fresh_starts": 60,
        "valid_plays": 64,
        "reached_25": 50,
        "reached_50": 40,
        "reached_75": 30,
        "reached_95": 20,
        "completes": 16,
        "continued_auto": 6,
        "continued_deliberate": 4,
        "stopped_at_gate": 2,
    }
    writer.write_rows(EPISODE_MINUTES, [episode(**counters)])
    expected = {
        "fresh_share": 0.75,
        "valid_share": 0.8,
        "reached_25_share": 0.625,
        "reached_50_share": 0.5,
        "reached_75_share": 0.375,
        "reached_95_share": 0.25,
        "completion_rate": 0.2,
        "continued": 10,
        "left_series": 4,
        "drop_off": 0.375,
        "stopped_at_gate_share": 0.125,
    }
    for grain in ("minute", "hour", "day"):
        assert read(f"episodes_by_{grain}", *expected) == tuple(expected.values())


def test_the_ratios_of_a_paywall(writer, read):
    counters = {
        "impressions": 80,
        "first_impressions": 60,
        "checkouts": 40,
        "dismissals": 20,
        "payment_failures": 10,
        "converted_1m": 4,
        "converted_5m": 8,
        "converted_30m": 10,
        "converted_24h": 16,
        "played_after": 12,
        "revenue_usd_micros": 40_000_000,
    }
    writer.write_rows(PAYWALL_MINUTES, [paywall(version=3, impressions=999), paywall(version=4, **counters)])
    expected = {
        "first_share": 0.75,
        "checkout_rate": 0.5,
        "dismissal_rate": 0.25,
        "payment_failure_rate": 0.25,
        "conversion_rate_1m": 0.05,
        "conversion_rate_5m": 0.1,
        "conversion_rate_30m": 0.125,
        "conversion_rate_24h": 0.2,
        "played_after_share": 0.75,
        "revenue_usd": 40.0,
        "revenue_usd_per_impression": 0.5,
    }  # fmt: skip
    for grain in ("minute", "hour", "day"):
        assert read(f"paywalls_by_{grain}", *expected) == tuple(expected.values())


def test_unlocks(writer, read):
    writer.write_rows(
        UNLOCK_MINUTES,
        [
            a_row(UNLOCK_MINUTES, method="coins", version=1, unlocks=9),
            a_row(UNLOCK_MINUTES, method="coins", version=2, unlocks=8, coins_paid=30),
            a_row(UNLOCK_MINUTES, method="coins", partition=1, coins_bonus=10, without_impression=2),
        ],
    )
    expected = {"unlocks": 8, "coins": 40, "bonus_share": 0.25, "without_impression_share": 0.25}
    for grain in ("minute", "hour", "day"):
        assert read(f"unlocks_by_{grain}", *expected) == tuple(expected.values())


def test_the_funnel_of_a_day(writer, read):
    writer.write_rows(
        VIEWER_DAYS,
        [
            a_row(VIEWER_DAYS, tenure="new", partition=0, active=6, watched=3, paid=1),
            a_row(VIEWER_DAYS, tenure="new", partition=1, active=2, watched=1, met_paywall=2),
            a_row(VIEWER_DAYS, tenure="unknown", version=1, active=1),
            a_row(VIEWER_DAYS, tenure="unknown", version=2),
        ],
    )
    columns = ("window_start", "tenure", "active", "watched_share", "met_paywall_share", "paid_share")
    assert read("viewers_by_day", *columns) == (DAY, "new", 8, 0.5, 0.25, 0.125)
