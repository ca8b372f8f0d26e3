"""Events, as short as they can be said: a time is in milliseconds after noon of a Tuesday."""

from itertools import count

from tests.oracle.oracle import Rules, tables

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MIDNIGHT = 1_699_920_000_000  # 2023-11-14T00:00:00Z
NOON = MIDNIGHT + 12 * HOUR
NOON_S = NOON // SECOND

_numbers = count(1)


def event_id(number):
    return f"{number:08x}-0000-4000-8000-000000000000"


def event(event_type, at, **fields):
    """An event of viewer `v`. Ids of events grow in the order in which they are made."""
    time = NOON + at
    return {
        "schema_version": 1,
        "event_id": event_id(next(_numbers)),
        "event_type": event_type,
        "viewer_id": "v",
        "app_session_id": "session",
        "occurred_at": time,
        "sent_at": time,
        "received_at": time,
        "platform": "ios",
        "app_version": "1.0",
        "country": "US",
        "environment": "production",
    } | fields


def content(fields, episode):
    return {"series_id": "s", "episode_no": episode, "duration_ms": MINUTE, "paywall_no": 0} | fields


def start(playback="p1", at=0, *, episode=1, reason="tap", position=0, **fields):
    """A play of one minute of series `s` begins."""
    return event(
        "play_start",
        at,
        playback_id=playback,
        start_reason=reason,
        start_position_ms=position,
        **content(fields, episode),
    )


def heartbeat(playback="p1", at=0, *, position=0, played=None, watched=None, **fields):
    carried = {"played_ms": played, "watched_ms": watched}
    return event("heartbeat", at, playback_id=playback, position_ms=position, **carried, **fields)


def watch(playback="p1", at=0, *, episode=1, reason="tap", until=MINUTE, lasting=MINUTE, **fields):
    """A play from the beginning that is watched without a stop: its start and its end."""
    return [
        start(playback, at, episode=episode, reason=reason, **fields),
        heartbeat(playback, at + lasting, position=until, played=until, watched=until),
    ]


def shown(impression="i1", at=0, *, episode=2, paywall="wall", trigger="auto_next", **fields):
    return event(
        "paywall_impression",
        at,
        paywall_impression_id=impression,
        paywall_id=paywall,
        trigger=trigger,
        **content({"paywall_no": 1} | fields, episode),
    )


def dismissed(impression="i1", at=0):
    return event("paywall_dismiss", at, paywall_impression_id=impression, dwell_ms=10)


def checkout(order="o1", impression="i1", at=0, **fields):
    return event("checkout_start", at, order_id=order, paywall_impression_id=impression, **fields)


def purchase(order="o1", at=0, *, transaction="t1", amount=100, product="bundle", **fields):
    money = {"transaction_id": transaction, "product_type": product, "amount_usd_micros": amount}
    return event("purchase", at, order_id=order, **money, **fields)


def failure(order="o1", at=0, *, product="bundle"):
    return event("purchase_failed", at, order_id=order, product_type=product)


def refund(order="o1", at=0, *, transaction="t1", amount=-100, product="bundle", **fields):
    money = {"transaction_id": transaction, "product_type": product, "amount_usd_micros": amount}
    return event("refund", at, order_id=order, **money, **fields)


def reward(ad="a1", at=0, *, impression="i1", verified=True, revenue=7, **fields):
    return event(
        "ad_reward",
        at,
        ad_session_id=ad,
        verified=verified,
        revenue_usd_micros=revenue,
        paywall_impression_id=impression,
        **fields,
    )


def unlock(unlock_id="u1", at=0, *, method="coins", names=None, episode=2, **fields):
    """Names no impression unless told to."""
    return event(
        "unlock",
        at,
        unlock_id=unlock_id,
        method=method,
        paywall_impression_id=names,
        **content(fields, episode),
    )


def rows(table, events, **rules):
    return tables(events, rules=Rules(**rules))[table]


def row(table, events, **rules):
    """The only row of the table."""
    (only,) = rows(table, events, **rules).values()
    return only


def key(table, events, **rules):
    """The key of the only row of the table."""
    (only,) = rows(table, events, **rules)
    return only


def total(table, counter, events, **rules):
    """A counter, summed over all rows of the table."""
    return sum(r[counter] for r in rows(table, events, **rules).values())
