"""Merge what happened at a paywall, or was paid for one, into the state of its viewer. Pure.

What an event may change beyond its own object: an impression, the impressions of its gate in the next
24 hours and the unlocks after it; an unlock, the impression it answers; everything about an order, the
impression of its first checkout.
"""

from collections.abc import Callable
from typing import Any, Final

from streams import cold, shared
from streams.days import (
    MET_PAYWALL,
    PAID,
    PLAYED_AFTER_UNLOCK,
    STARTED_CHECKOUT,
    UNLOCKED,
    count_object,
)
from streams.ids import as_bytes
from streams.lines import (
    AdReward,
    CheckoutStart,
    PaywallDismiss,
    PaywallImpression,
    Purchase,
    PurchaseFailed,
    Refund,
    Unlock,
    ViewerLine,
)
from streams.merge_plays import open_rows_before, starts_after, thaw_for
from streams.partition import Partition
from streams.paywall import NOTHING, could_answer, recount, recount_unlock
from streams.paywall_state import ABSENT, AdSession, Gate, Impression, Order, Paywall
from streams.paywall_state import Purchase as Transaction
from streams.paywall_state import Unlock as UnlockState
from streams.state import Viewer

DAY_MS: Final = 86_400_000


class PaywallMerge:
    """One event meets the paywall of its viewer. Built per event; answers whether anything changed."""

    def __init__(self, partition: Partition, viewer: Viewer, at: int) -> None:
        self.partition = partition
        self.viewer = viewer
        self.at = at
        thaw_for(partition, viewer, at)
        self.paywall: Paywall = cold.live_paywall(partition, viewer)
        cold.forget_gone(partition, self.paywall)
        self.paywall.first_at = min(self.paywall.first_at, at)
        self.paywall.last_at = max(self.paywall.last_at, at)

    def merge(self, line: ViewerLine) -> bool:
        """Merge one line; return whether it changed the state."""
        return _MERGE[type(line)](self, line)

    def impression(self, line: PaywallImpression) -> bool:
        """A paywall was shown: the first event says where it counts."""
        variants = [e.variant for e in line.experiments if e.id == self.partition.rules.experiment]
        gate = Gate(
            line.series_id, line.episode_no, line.paywall_no, line.paywall_id, line.trigger,
            line.platform, line.country or "", min(variants, default=""),
        )  # fmt: skip
        impression = self._open_impression(line.paywall_impression_id)
        if impression is None:
            return False
        if impression.gate is not None:
            known = (impression.shown_at, impression.event_id, _taken(impression.gate))
            if known <= (self.at, as_bytes(line.event_id), _taken(gate)):
                return False
            self._take_off(impression)
        impression.gate = shared.gate(gate)
        impression.shown_at, impression.event_id = self.at, as_bytes(line.event_id)
        self.viewer.latest_at = max(self.viewer.latest_at, self.at)
        self._touch_around(impression)
        return True

    def dismiss(self, line: PaywallDismiss) -> bool:
        """A paywall was closed."""
        impression = self._open_impression(line.paywall_impression_id)
        if impression is None or impression.dismissed:
            return False
        impression.dismissed = True
        self._touch(impression)
        return True

    def checkout(self, line: CheckoutStart) -> bool:
        """An offer was chosen: the order's first checkout says which impression it belongs to."""
        changed = False
        impression = self._open_impression(line.paywall_impression_id)
        if impression is not None and not impression.checked_out:
            impression.checked_out = True
            self._touch(impression)
            changed = True
        order = self._open_order(line.order_id)
        if order is None:
            return changed
        first = (self.at, as_bytes(line.event_id), line.paywall_impression_id)
        if order.checkout_at == ABSENT or first < (order.checkout_at, order.event_id, order.impression_id):
            if order.checkout_at != ABSENT:
                self._count_on_day(order.checkout_at, STARTED_CHECKOUT, -1)
                self._touch_id(order.impression_id)
            order.checkout_at, order.event_id, order.impression_id = first
            self._count_on_day(self.at, STARTED_CHECKOUT, 1)
            self._touch_id(order.impression_id)
            changed = True
        return self._extend(order) or changed

    def purchase(self, line: Purchase) -> bool:
        """Money came in: the first event of a transaction counts."""
        order = self._open_order(line.order_id)
        if order is None:
            return False
        new = (self.at, as_bytes(line.event_id), line.product_type, line.amount_usd_micros)
        known = order.purchases.get(line.transaction_id)
        changed = self._extend(order)
        if known is None or new < (known.at, known.event_id, known.product_type, known.amount):
            if known is not None and known.amount > 0:
                self._count_on_day(known.at, PAID, -1)
            order.purchases[line.transaction_id] = Transaction(*new)
            if line.amount_usd_micros > 0:
                self._count_on_day(self.at, PAID, 1)
            self._touch_id(order.impression_id)
            changed = True
        return changed

    def failure(self, line: PurchaseFailed) -> bool:
        """A payment did not go through."""
        order = self._open_order(line.order_id)
        if order is None:
            return False
        changed = self._extend(order)
        if not order.failed:
            order.failed = True
            self._touch_id(order.impression_id)
            changed = True
        return changed

    def refund(self, line: Refund) -> bool:
        """Money went back."""
        order = self._open_order(line.order_id)
        if order is None:
            return False
        new = (self.at, line.transaction_id, line.amount_usd_micros)
        changed = self._extend(order)
        refund_id = as_bytes(line.event_id)
        if refund_id not in order.refunds or new < order.refunds[refund_id]:
            order.refunds[refund_id] = new
            self._touch_id(order.impression_id)
            changed = True
        return changed

    def ad_reward(self, line: AdReward) -> bool:
        """A rewarded ad was watched: the first reward says what it is worth, any may verify it."""
        new = (
            self.at, as_bytes(line.event_id), line.revenue_usd_micros, line.paywall_impression_id or "",
        )  # fmt: skip
        ad = self.paywall.ads.get(line.ad_session_id)
        if ad is not None and ad.at < self.partition.closed_before:
            return False
        if ad is None:
            self.paywall.ads[line.ad_session_id] = AdSession(*new, line.verified)
            self._touch_id(new[3])
            return True
        changed = line.verified and not ad.verified
        ad.verified |= line.verified
        if new < (ad.at, ad.event_id, ad.revenue, ad.impression_id):
            self._touch_id(ad.impression_id)
            ad.at, ad.event_id, ad.revenue, ad.impression_id = new
            changed = True
        if changed:
            self._touch_id(ad.impression_id)
        return changed

    def unlock(self, line: Unlock) -> bool:
        """An episode became playable: the first event of an unlock counts."""
        new = UnlockState(
            line.unlock_id, self.at, as_bytes(line.event_id), line.series_id, line.episode_no, line.method,
            line.platform, line.country or "", line.coins_paid, line.coins_bonus,
            line.revenue_usd_micros, line.paywall_impression_id or "",
        )  # fmt: skip
        known = self.paywall.unlocks.get(line.unlock_id)
        if known is not None:
            if known.at < self.partition.closed_before or _first_of(known) <= _first_of(new):
                return False
            self._take_unlock_off(known)
        new.played_after = starts_after(self.viewer, self.at, self.partition.rules.played_after_ms)
        self.paywall.unlocks[line.unlock_id] = new
        self.partition.touch_unlock(self.viewer, new)
        return True

    def _open_impression(self, impression_id: str) -> Impression | None:
        """Return an impression, opened if there is none; None when it is closed."""
        impression = self.paywall.impressions.get(impression_id)
        if impression is not None and impression.shown_at < self.partition.closed_before:
            return None
        if impression is None:
            impression = Impression(impression_id, self.at)
            self.paywall.impressions[impression_id] = impression
        return impression

    def _open_order(self, order_id: str) -> Order | None:
        """Return an order, opened if there is none; None when it is closed."""
        order = self.paywall.orders.get(order_id)
        if order is not None and order.last_at < self.partition.closed_before:
            return None
        if order is None:
            order = Order(order_id, ABSENT)
            self.paywall.orders[order_id] = order
        return order

    def _extend(self, order: Order) -> bool:
        longer = self.at > order.last_at
        if longer:
            order.last_at = self.at
        return longer

    def _touch(self, impression: Impression) -> None:
        self.partition.touch_impression(self.viewer, impression)

    def _touch_id(self, impression_id: str) -> None:
        impression = self.paywall.impressions.get(impression_id)
        if impression is not None:
            self._touch(impression)

    def _touch_around(self, impression: Impression) -> None:
        """Touch an impression and all that its time and gate decide."""
        gate, shown = impression.gate, impression.shown_at
        assert gate is not None
        self._touch(impression)
        for other in self.paywall.impressions.values():
            same = other.gate is not None and other.gate.paywall_id == gate.paywall_id
            if same and 0 <= other.shown_at - shown <= DAY_MS:
                self._touch(other)
        for unlock in self.paywall.unlocks.values():
            if unlock.names == impression.impression_id or (
                not unlock.names and 0 <= unlock.at - shown <= DAY_MS
            ):
                self.partition.touch_unlock(self.viewer, unlock)
        self.partition.touch_series(self.viewer, gate.series_id)
        open_rows_before(self.partition, self.viewer, gate.series_id, gate.episode_no)

    def _take_off(self, impression: Impression) -> None:
        """Take an impression off its row, since it moves to another."""
        self._touch_around(impression)
        lost = recount(impression, NOTHING, self.partition.book.paywalls)
        self._count_on_day(impression.shown_at, MET_PAYWALL, -1 if lost else 0)

    def _take_unlock_off(self, unlock: UnlockState) -> None:
        """Take an unlock off its row, since another event of it turned out to be the first."""
        self._count_on_day(unlock.at, UNLOCKED, -int(unlock.counted))
        self._count_on_day(unlock.at, PLAYED_AFTER_UNLOCK, -int(unlock.played_counted))
        for impression in could_answer(unlock, self.paywall):
            self._touch(impression)
        recount_unlock(unlock, counted=False, answers="", rows=self.partition.book.unlocks)

    def _count_on_day(self, at: int, kind: int, sign: int) -> None:
        count_object(self.partition, self.viewer, at, kind, sign)


def _taken(gate: Gate) -> tuple[str | int, ...]:
    """The fields of a gate in the order that decides between events of one time and event id."""
    return (
        gate.platform, gate.country, gate.variant, gate.series_id, gate.episode_no, gate.paywall_no,
        gate.paywall_id, gate.trigger,
    )  # fmt: skip


def _first_of(unlock: UnlockState) -> tuple[object, ...]:
    return (
        unlock.at, unlock.event_id, unlock.platform, unlock.country, unlock.series_id, unlock.episode_no,
        unlock.method, unlock.coins_paid, unlock.coins_bonus, unlock.revenue, unlock.names,
    )  # fmt: skip


_MERGE: dict[type[ViewerLine], Callable[[PaywallMerge, Any], bool]] = {
    PaywallImpression: PaywallMerge.impression,
    PaywallDismiss: PaywallMerge.dismiss,
    CheckoutStart: PaywallMerge.checkout,
    Purchase: PaywallMerge.purchase,
    PurchaseFailed: PaywallMerge.failure,
    Refund: PaywallMerge.refund,
    AdReward: PaywallMerge.ad_reward,
    Unlock: PaywallMerge.unlock,
}
