"""What happens at a locked episode: the paywall, the ways to open it, and the viewers who turn back."""

from collections.abc import Generator

from producers.simulator.catalogue import Series
from producers.simulator.session import Session
from producers.simulator.till import buy, watch_ad

Opening = Generator[int, None, bool]
"""Yields the simulated time at which to go on; returns whether the episode is open."""

AUTO_COINS_AFTER_SHARE = 0.25
THINKS_IT_OVER_SHARE = 0.12
DISMISSES_SHARE = 0.7
GRANT_SHARE = 0.3


def open_episode(session: Session, series: Series, episode_no: int, trigger: str) -> Opening:
    """Open an episode for the viewer if they can and want to."""
    viewer = session.viewer
    if not series.paywall_no(episode_no) or (series.number, episode_no) in viewer.opened:
        return True
    if viewer.payer_state == "subscriber" or series.number in viewer.owned:
        method = "subscription" if viewer.payer_state == "subscriber" else "bundle"
        unlock(session, series, episode_no, method)
        return True
    if viewer.auto_coins and _balance(session) >= series.coin_price:
        spend(session, series, episode_no, "auto_coins")
        return True
    if session.world.chance(session.world.settings.dirt.unprompted_unlocks):
        granted = session.world.chance(GRANT_SHARE) or _balance(session) < series.coin_price
        if granted:
            unlock(session, series, episode_no, "free_grant")
        else:
            spend(session, series, episode_no, "coins")
        return True
    return (yield from _meet_paywall(session, series, episode_no, trigger))


def _meet_paywall(session: Session, series: Series, episode_no: int, trigger: str) -> Opening:
    world = session.world
    session.t += world.random.randint(1_000, 1_800)
    yield session.t
    impression_id = world.new_id("i")
    if not world.chance(world.settings.dirt.preloaded_paywalls):
        session.player("paywall_impression", _impression(session, series, episode_no, impression_id, trigger))
    shown_at = session.t
    session.t += int(world.random.lognormvariate(8.4, 0.7))
    yield session.t
    wants = not session.offline and world.chance(session.viewer.purse * 1.6)
    if wants and world.chance(THINKS_IT_OVER_SHARE):
        session.t += int(world.random.expovariate(1 / 400_000)) + 20_000
        yield session.t
    if wants and (yield from _pay(session, series, episode_no, impression_id)):
        return True
    if world.chance(DISMISSES_SHARE):
        session.player(
            "paywall_dismiss",
            f'"paywall_impression_id":"{impression_id}","dwell_ms":{session.t - shown_at}',
        )
    return False


def _pay(session: Session, series: Series, episode_no: int, impression_id: str) -> Opening:
    viewer, random = session.viewer, session.world.random
    if _balance(session) >= series.coin_price:
        session.t += random.randint(300, 1_500)
        yield session.t
        spend(session, series, episode_no, "coins", impression_id)
        return True
    if random.random() < viewer.likes_ads:
        if not (yield from watch_ad(session, impression_id)):
            return False
        unlock(session, series, episode_no, "ad", impression_id=impression_id)
        return True
    product = random.choices(("coin_pack", "subscription_initial", "bundle"), (70, 18, 12))[0]
    if not (yield from buy(session, product, impression_id)):
        return False
    session.t += random.randint(200, 1_200)
    yield session.t
    if product == "coin_pack":
        spend(session, series, episode_no, "coins", impression_id)
        viewer.auto_coins = viewer.auto_coins or session.world.chance(AUTO_COINS_AFTER_SHARE)
    elif product == "bundle":
        viewer.owned.add(series.number)
        unlock(session, series, episode_no, "bundle", impression_id=impression_id)
    else:
        unlock(session, series, episode_no, "subscription", impression_id=impression_id)
    return True


def spend(session: Session, series: Series, episode_no: int, method: str, impression_id: str = "") -> None:
    """Unlock with coins: those that were paid for first, then the bonus ones."""
    viewer = session.viewer
    paid = min(viewer.coins_paid, series.coin_price)
    bonus = min(viewer.coins_bonus, series.coin_price - paid)
    viewer.coins_paid -= paid
    viewer.coins_bonus -= bonus
    cost = f',"coins_paid":{paid},"coins_bonus":{bonus},"revenue_usd_micros":{paid * viewer.coin_usd_micros}'
    unlock(session, series, episode_no, method, impression_id=impression_id, cost=cost)


def unlock(
    session: Session,
    series: Series,
    episode_no: int,
    method: str,
    *,
    impression_id: str = "",
    cost: str = "",
) -> None:
    """Make an episode playable and say so; some backends do not name the impression."""
    world = session.world
    session.viewer.opened.add((series.number, episode_no))
    named = impression_id and not world.chance(world.settings.dirt.unnamed_unlocks)
    session.server(
        "unlock",
        f'"unlock_id":"{world.new_id("u")}","method":"{method}"{cost},{series.content(episode_no)}'
        + (f',"paywall_impression_id":"{impression_id}"' if named else ""),
    )


def _balance(session: Session) -> int:
    return session.viewer.coins_paid + session.viewer.coins_bonus


def _impression(session: Session, series: Series, episode_no: int, impression_id: str, trigger: str) -> str:
    return (
        f'"paywall_impression_id":"{impression_id}",'
        f'"paywall_id":"gate-{series.paywall_no(episode_no)}","trigger":"{trigger}",'
        f"{series.content(episode_no)},"
        f'"coin_price":{series.coin_price},"coin_balance":{_balance(session)},'
        '"offers":[{"offer_id":"coins-500","method":"coins","amount_minor":499,"currency":"USD",'
        '"coins":500},{"offer_id":"ad","method":"ad"}]'
    )
