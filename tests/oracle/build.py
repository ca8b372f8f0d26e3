"""Build the objects of one viewer from all of its events.

Every object has an id. It takes its fields from its *first* event: the smallest by event time, then by
event id, then by the fields themselves, in the order in which their class lists them.
"""

from collections import defaultdict

from tests.oracle.objects import (
    AdSession,
    Impression,
    ImpressionFields,
    Order,
    Play,
    PlayFields,
    Purchase,
    Refund,
    Unlock,
    UnlockFields,
    Viewer,
)

PROGRESS = ("heartbeat", "pause", "resume", "seek", "stall", "player_error", "play_end")


def event_time(event):
    """The time at which the event occurred, by the clock of the collector."""
    return event["received_at"] - (event["sent_at"] - event["occurred_at"])


def text(event, name):
    value = event.get(name)
    return "" if value is None else value


def number(event, name):
    value = event.get(name)
    return 0 if value is None else value


def first(events, taken):
    """(event time, event id, the fields taken) of the first of the events."""
    return min((event_time(e), uuid(e), taken(e)) for e in events)


def uuid(event):
    """The event id, in small letters: capital ones make no other id."""
    return event["event_id"].lower()


def of_type(events, *types):
    return [e for e in events if e["event_type"] in types]


def by(events, name):
    """The events grouped by the value of a field."""
    groups = defaultdict(list)
    for event in events:
        groups[event[name]].append(event)
    return groups


def viewer(events, rules):
    """Build the objects of one viewer from all of its events that count."""
    return Viewer(
        events=events,
        plays=plays(events),
        impressions=impressions(events, rules),
        orders=orders(events),
        unlocks=unlocks(events),
        ad_sessions=ad_sessions(events),
    )


def plays(events):
    """The plays that started. What belongs to a play without a `play_start` counts nowhere."""
    found = []
    for playback_id, of_it in by(of_type(events, "play_start", *PROGRESS), "playback_id").items():
        starts = of_type(of_it, "play_start")
        progress = of_type(of_it, *PROGRESS)
        if not starts:
            continue
        started_at, event_id, fields = first(starts, play_fields)
        found.append(
            Play(
                playback_id=playback_id,
                started_at=started_at,
                event_id=event_id,
                fields=fields,
                position_ms=max([fields.start_position_ms] + [e["position_ms"] for e in progress]),
                played_ms=greatest(progress, "played_ms"),
                watched_ms=greatest(progress, "watched_ms"),
                last_at=max(event_time(e) for e in of_it),
            )
        )
    return found


def greatest(events, name):
    """The greatest value among the events that carry the field, or None."""
    return max((e[name] for e in events if e.get(name) is not None), default=None)


def play_fields(e):
    return PlayFields(
        platform=e["platform"],
        country=text(e, "country"),
        series_id=e["series_id"],
        episode_no=e["episode_no"],
        duration_ms=e["duration_ms"],
        paywall_no=number(e, "paywall_no"),
        start_reason=e["start_reason"],
        start_position_ms=e["start_position_ms"],
    )


def impressions(events, rules):
    def fields(e):
        return ImpressionFields(
            platform=e["platform"],
            country=text(e, "country"),
            variant=variant(e, rules.experiment),
            series_id=e["series_id"],
            episode_no=e["episode_no"],
            paywall_no=number(e, "paywall_no"),
            paywall_id=e["paywall_id"],
            trigger=e["trigger"],
        )

    found = []
    shown = of_type(events, "paywall_impression")
    for impression_id, of_it in by(shown, "paywall_impression_id").items():
        shown_at, _, taken = first(of_it, fields)
        found.append(Impression(impression_id, shown_at, taken))
    return found


def variant(event, experiment):
    """The arm of the experiment that the settings name; the smaller when it is listed twice."""
    if not experiment:
        return ""
    listed = event.get("experiments") or []
    return min((x["variant"] for x in listed if x["id"] == experiment), default="")


def orders(events):
    found = []
    of_orders = of_type(events, "checkout_start", "purchase", "purchase_failed", "refund")
    for of_it in by(of_orders, "order_id").values():
        checkouts = of_type(of_it, "checkout_start")
        opened_at, impression_id = None, ""
        if checkouts:
            opened_at, _, impression_id = first(checkouts, lambda e: e["paywall_impression_id"])
        found.append(
            Order(
                opened_at=opened_at,
                impression_id=impression_id,
                failed=bool(of_type(of_it, "purchase_failed")),
                purchases=purchases(of_it),
                refunds=refunds(of_it),
            )
        )
    return found


def purchases(events):
    found = {}
    for transaction_id, of_it in by(of_type(events, "purchase"), "transaction_id").items():
        at, _, taken = first(of_it, lambda e: (e["product_type"], e["amount_usd_micros"]))
        found[transaction_id] = Purchase(at, *taken)
    return found


def refunds(events):
    found = []
    for of_it in by([e | {"event_id": uuid(e)} for e in of_type(events, "refund")], "event_id").values():
        _, _, taken = first(of_it, lambda e: (e["transaction_id"], e["amount_usd_micros"]))
        found.append(Refund(*taken))
    return found


def unlocks(events):
    found = []
    for unlock_id, of_it in by(of_type(events, "unlock"), "unlock_id").items():
        at, event_id, fields = first(of_it, unlock_fields)
        found.append(Unlock(unlock_id, at, event_id, fields))
    return found


def unlock_fields(e):
    return UnlockFields(
        platform=e["platform"],
        country=text(e, "country"),
        series_id=e["series_id"],
        episode_no=e["episode_no"],
        method=e["method"],
        coins_paid=number(e, "coins_paid"),
        coins_bonus=number(e, "coins_bonus"),
        revenue_usd_micros=number(e, "revenue_usd_micros"),
        impression_id=text(e, "paywall_impression_id"),
    )


def ad_sessions(events):
    def fields(e):
        return e["revenue_usd_micros"], text(e, "paywall_impression_id")

    found = []
    for of_it in by(of_type(events, "ad_reward"), "ad_session_id").values():
        _, _, (revenue, impression_id) = first(of_it, fields)
        found.append(AdSession(any(e["verified"] for e in of_it), revenue, impression_id))
    return found
