"""The paywall tables of one viewer: `paywall_minutes` and `unlock_minutes`."""

from tests.oracle.build import of_type
from tests.oracle.playback import MINUTE_S, real, window
from tests.oracle.rules import DAY, MINUTE

ANSWERING = ("coins", "ad", "subscription", "bundle")
CREDITED_PRODUCTS = ("subscription_initial", "bundle")


def answered_by(unlock, impressions):
    """The impression that the unlock answers, or None."""
    f = unlock.fields
    if f.method not in ANSWERING:
        return None
    if f.impression_id:
        candidates = [
            i
            for i in impressions
            if i.impression_id == f.impression_id and abs(unlock.at - i.shown_at) <= DAY
        ]
    else:
        candidates = [
            i
            for i in impressions
            if i.fields.series_id == f.series_id
            and i.fields.episode_no == f.episode_no
            and unlock.at - DAY <= i.shown_at <= unlock.at
        ]
    return max(candidates, key=lambda i: (i.shown_at, i.impression_id), default=None)


def paywall_minutes(viewer, rules):
    answers = [(u, answered_by(u, viewer.impressions)) for u in viewer.unlocks]
    for impression in viewer.impressions:
        unlocks = [u for u, answered in answers if answered is impression]
        f = impression.fields
        key = (
            window(impression.shown_at, MINUTE_S),
            f.series_id,
            f.episode_no,
            f.paywall_no,
            f.paywall_id,
            f.trigger,
            f.platform,
            f.country,
            f.variant,
        )
        counts = {
            "impressions": 1,
            "first_impressions": int(is_first(impression, viewer.impressions)),
            "checkouts": int(is_named(impression, viewer.events, "checkout_start")),
            "dismissals": int(is_named(impression, viewer.events, "paywall_dismiss")),
            "payment_failures": int(any(o.failed for o in opened_from(impression, viewer))),
        }
        if unlocks:
            conversion = min(unlocks, key=lambda u: (u.at, u.event_id, u.unlock_id))
            delay = conversion.at - impression.shown_at
            counts |= {
                f"conversions_{conversion.fields.method}": 1,
                "converted_1m": int(delay <= MINUTE),
                "converted_5m": int(delay <= 5 * MINUTE),
                "converted_30m": int(delay <= 30 * MINUTE),
                "converted_24h": int(delay <= DAY),
                "played_after": int(
                    started_within(viewer, f.series_id, f.episode_no, conversion.at, rules.played_after_ms)
                ),
                "revenue_usd_micros": revenue(impression, unlocks, viewer),
            }
        yield key, counts


def is_first(impression, impressions):
    """No other impression of the same gate in the 24 hours before it."""

    def gate(i):
        return (i.fields.series_id, i.fields.episode_no, i.fields.paywall_id)

    return not any(
        gate(other) == gate(impression)
        and impression.shown_at - DAY <= other.shown_at
        and (other.shown_at, other.impression_id) < (impression.shown_at, impression.impression_id)
        for other in impressions
    )


def is_named(impression, events, event_type):
    named = {e["paywall_impression_id"] for e in of_type(events, event_type)}
    return impression.impression_id in named


def opened_from(impression, viewer):
    return [o for o in viewer.orders if o.impression_id == impression.impression_id]


def started_within(viewer, series_id, episode_no, begin, within_ms):
    """Whether the viewer started the episode in [begin, begin + within]."""
    return any(
        p.fields.series_id == series_id
        and p.fields.episode_no == episode_no
        and begin <= p.started_at <= begin + within_ms
        for p in real(viewer.plays)
    )


def revenue(impression, unlocks, viewer):
    """What came in through an impression that was answered by these unlocks."""
    total = 0
    for unlock in unlocks:
        if unlock.fields.method == "coins":
            total += unlock.fields.revenue_usd_micros
    for ad in viewer.ad_sessions:
        if ad.verified and ad.impression_id == impression.impression_id:
            total += ad.revenue_usd_micros
    for order in opened_from(impression, viewer):
        credited = {
            transaction_id: p.amount
            for transaction_id, p in order.purchases.items()
            if p.product_type in CREDITED_PRODUCTS
        }
        total += sum(credited.values())
        total += sum(r.amount for r in order.refunds if r.transaction_id in credited)
    return total


def unlock_minutes(viewer):
    for unlock in viewer.unlocks:
        f = unlock.fields
        key = (
            window(unlock.at, MINUTE_S),
            f.series_id,
            f.episode_no,
            f.method,
            f.platform,
            f.country,
        )
        yield (
            key,
            {
                "unlocks": 1,
                "coins_paid": f.coins_paid,
                "coins_bonus": f.coins_bonus,
                "without_impression": int(answered_by(unlock, viewer.impressions) is None),
            },
        )
