"""The paywall: which unlock answers which impression, and what an impression is worth. Pure."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from schemas.tables import PAYWALL_MINUTES
from streams.paywall_state import Impression, Order, Paywall, Unlock
from streams.rows import TableRows

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000

(
    SHOWN, FIRST, CHECKOUT, DISMISSED, FAILED, COINS, AD, SUBSCRIPTION, BUNDLE,
    IN_1M, IN_5M, IN_30M, IN_24H, PLAYED_AFTER,
) = (1 << counter for counter in range(len(PAYWALL_MINUTES.counters) - 1))  # fmt: skip
REVENUE: Final = len(PAYWALL_MINUTES.counters) - 1

_BY_METHOD = {"coins": COINS, "ad": AD, "subscription": SUBSCRIPTION, "bundle": BUNDLE}
_WITHIN = ((MINUTE_MS, IN_1M), (5 * MINUTE_MS, IN_5M), (30 * MINUTE_MS, IN_30M), (DAY_MS, IN_24H))
_CREDITED_PRODUCTS = ("subscription_initial", "bundle")

UNLOCKS, COINS_PAID, COINS_BONUS, WITHOUT_IMPRESSION = range(4)


class Worth(NamedTuple):
    """What an impression counts as: flags, one per counter, and the revenue in millionths of a dollar."""

    flags: int
    revenue: int


NOTHING = Worth(0, 0)


def answered_by(unlock: Unlock, paywall: Paywall) -> str:
    """Return the id of the impression that an unlock answers, or ''."""
    if unlock.method not in _BY_METHOD:
        return ""
    shown = [(i.shown_at, i.impression_id) for i in could_answer(unlock, paywall)]
    return max(shown, default=(0, ""))[1]


def could_answer(unlock: Unlock, paywall: Paywall) -> list[Impression]:
    """Return the impressions that an unlock answers, or would if it were not for a later one of them."""
    if unlock.names:
        named = paywall.impressions.get(unlock.names)
        within = named is not None and named.gate and abs(unlock.at - named.shown_at) <= DAY_MS
        return [named] if named is not None and within else []
    return [
        impression
        for impression in paywall.impressions.values()
        if impression.gate is not None
        and impression.gate.series_id == unlock.series_id
        and impression.gate.episode_no == unlock.episode_no
        and 0 <= unlock.at - impression.shown_at <= DAY_MS
    ]


def worth(impression: Impression, paywall: Paywall) -> Worth:
    """Return what an impression counts as. The unlocks must know what they answer."""
    if impression.gate is None:
        return NOTHING
    orders = [o for o in paywall.orders.values() if o.impression_id == impression.impression_id]
    flags = SHOWN
    if _is_first(impression, paywall.impressions.values()):
        flags |= FIRST
    if impression.checked_out:
        flags |= CHECKOUT
    if impression.dismissed:
        flags |= DISMISSED
    if any(order.failed for order in orders):
        flags |= FAILED
    answers = [u for u in paywall.unlocks.values() if u.answers == impression.impression_id]
    if not answers:
        return Worth(flags, 0)
    conversion = min(answers, key=lambda unlock: (unlock.at, unlock.event_id, unlock.unlock_id))
    flags |= _BY_METHOD[conversion.method]
    for within, flag in _WITHIN:
        if conversion.at - impression.shown_at <= within:
            flags |= flag
    if plays_after(impression, conversion):
        flags |= PLAYED_AFTER
    return Worth(flags, _revenue(impression, answers, orders, paywall))


def plays_after(impression: Impression, conversion: Unlock) -> bool:
    """Whether the impression's episode was started soon after its conversion."""
    gate = impression.gate
    assert gate is not None
    return (gate.series_id, gate.episode_no) in conversion.played_after


def recount(impression: Impression, new: Worth, rows: TableRows) -> int:
    """Take an impression's credit off its row and put `new` on. Return the flags gained or lost."""
    gate = impression.gate
    if gate is None:
        return 0
    values = rows.change((impression.shown_at // MINUTE_MS * 60, *gate)).values
    flipped = impression.flags ^ new.flags
    if flipped or impression.revenue != new.revenue:
        for counter in range(REVENUE):
            values[counter] += (new.flags >> counter & 1) - (impression.flags >> counter & 1)
        values[REVENUE] += new.revenue - impression.revenue
        impression.flags, impression.revenue = new
    return flipped


def recount_unlock(unlock: Unlock, counted: bool, answers: str, rows: TableRows) -> None:
    """Take an unlock's credit off its row and put the new one on."""
    old = (unlock.counted, unlock.counted and unlock.answers == "")
    new = (counted, counted and answers == "")
    key = (unlock.at // MINUTE_MS * 60, unlock.series_id, unlock.episode_no, unlock.method)
    values = rows.change((*key, unlock.platform, unlock.country)).values
    if old != new:
        sign = new[0] - old[0]
        values[UNLOCKS] += sign
        values[COINS_PAID] += sign * unlock.coins_paid
        values[COINS_BONUS] += sign * unlock.coins_bonus
        values[WITHOUT_IMPRESSION] += new[1] - old[1]
    unlock.counted, unlock.answers = counted, answers


def _is_first(impression: Impression, others: Iterable[Impression]) -> bool:
    gate = impression.gate
    assert gate is not None
    moment = (impression.shown_at, impression.impression_id)
    for other in others:
        if (
            other.gate is not None
            and other.gate.paywall_id == gate.paywall_id
            and other.gate.series_id == gate.series_id
            and other.gate.episode_no == gate.episode_no
            and impression.shown_at - other.shown_at <= DAY_MS
            and (other.shown_at, other.impression_id) < moment
        ):
            return False
    return True


def _revenue(
    impression: Impression, answers: Iterable[Unlock], orders: Iterable[Order], paywall: Paywall
) -> int:
    revenue = sum(unlock.revenue for unlock in answers if unlock.method == "coins")
    for ad in paywall.ads.values():
        if ad.verified and ad.impression_id == impression.impression_id:
            revenue += ad.revenue
    for order in orders:
        credited = {
            transaction: purchase.amount
            for transaction, purchase in order.purchases.items()
            if purchase.product_type in _CREDITED_PRODUCTS
        }
        revenue += sum(credited.values())
        revenue += sum(amount for _, named, amount in order.refunds.values() if named in credited)
    return revenue
