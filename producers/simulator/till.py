"""How money moves: checkouts, purchases that fail or succeed, refunds, renewals, rewarded ads."""

from collections.abc import Generator

from producers.simulator.session import Session
from producers.simulator.viewers import COUNTRIES

FAILS_SHARE = 0.12
GIVES_UP_SHARE = 0.15
RETRIES_SHARE = 0.5
REFUND_SHARE = 0.04
VERIFIED_SHARE = 0.95
PRICES_USD = {"coin_pack": 4.99, "subscription_initial": 19.99, "bundle": 12.99}
RENEWAL_USD = 19.99
COINS_PAID, COINS_BONUS = 500, 100
MINUTE_MS = 60_000

Steps = Generator[int, None, bool]
"""Yields the simulated time at which to go on; returns whether it went through."""


def buy(session: Session, product: str, impression_id: str) -> Steps:
    """Go through a checkout, once more if the payment fails."""
    world = session.world
    while True:
        order_id = world.new_id("o")
        session.player(
            "checkout_start",
            f'"paywall_impression_id":"{impression_id}","offer_id":"{product}","order_id":"{order_id}"',
        )
        session.t += world.random.randint(3_000, 30_000)
        yield session.t
        if world.chance(GIVES_UP_SHARE):
            return False
        if not world.chance(FAILS_SHARE):
            break
        session.server("purchase_failed", _order(session, order_id, product))
        if not world.chance(RETRIES_SHARE):
            return False
        session.t += world.random.randint(2_000, 9_000)
        yield session.t
    _purchase(session, order_id, product)
    return True


def _purchase(session: Session, order_id: str, product: str) -> None:
    world, viewer = session.world, session.viewer
    dirt = world.settings.dirt
    body = _sale(session, order_id, product, world.new_id("t"), PRICES_USD[product])
    session.server("purchase", body)
    if world.chance(dirt.twin_purchases):
        session.player("purchase", body)
    if world.chance(dirt.sandbox_purchases):
        other = _sale(session, world.new_id("o"), product, world.new_id("t"), PRICES_USD[product])
        session.server("purchase", other, environment="sandbox")
    if product == "coin_pack":
        viewer.coins_paid += COINS_PAID
        viewer.coins_bonus += COINS_BONUS
        viewer.coin_usd_micros = int(PRICES_USD[product] * 1_000_000) // COINS_PAID
        session.remember_payer("coin_payer")
    elif product == "subscription_initial":
        session.remember_payer("subscriber")
    if world.chance(REFUND_SHARE):
        world.later(_refund(session, body))


def _refund(session: Session, body: str) -> Generator[int]:
    """Give the money back within two hours."""
    at = session.t + session.world.random.randint(2, 120) * MINUTE_MS
    yield at
    if session.viewer.gone:
        return  # nobody tells of who was forgotten
    negative = body.replace('minor":', 'minor":-').replace('micros":', 'micros":-')
    session.server("refund", negative, at=at)


def renew(session: Session) -> None:
    """Take the next month of a subscription: no paywall, no checkout."""
    new_id = session.world.new_id
    session.server("purchase", _sale(session, new_id("o"), "subscription_renewal", new_id("t"), RENEWAL_USD))


def watch_ad(session: Session, impression_id: str) -> Steps:
    """Watch an ad to its end; now and then the network does not verify it."""
    world = session.world
    session.t += world.random.randint(15_000, 45_000)
    yield session.t
    verified = world.chance(VERIFIED_SHARE)
    named = not world.chance(world.settings.dirt.unnamed_unlocks)
    session.server(
        "ad_reward",
        f'"ad_session_id":"{world.new_id("d")}","verified":{"true" if verified else "false"},'
        f'"revenue_usd_micros":{world.random.randint(4_000, 30_000)}'
        + (f',"paywall_impression_id":"{impression_id}"' if named else ""),
    )
    session.t += world.random.randint(100, 900)
    yield session.t
    return verified


def _order(session: Session, order_id: str, product: str) -> str:
    currency = COUNTRIES[session.viewer.country][1]
    store = {"ios": "app_store", "android": "play_store"}.get(session.viewer.platform, "web")
    return f'"order_id":"{order_id}","product_type":"{product}","currency":"{currency}","store":"{store}"'


def _sale(session: Session, order_id: str, product: str, transaction_id: str, usd: float) -> str:
    minor = int(usd * COUNTRIES[session.viewer.country][2])
    return (
        f'{_order(session, order_id, product)},"transaction_id":"{transaction_id}",'
        f'"amount_minor":{minor},"amount_usd_micros":{round(usd * 1_000_000)}'
    )
