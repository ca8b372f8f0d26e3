"""The daily funnel of one viewer: `viewer_days`."""

from collections import defaultdict

from tests.oracle.build import event_time, first, text
from tests.oracle.paywall import started_within
from tests.oracle.playback import is_valid, real
from tests.oracle.rules import DAY

DAY_S = 86_400


def viewer_days(viewer, rules):
    events_of = defaultdict(list)
    for event in viewer.events:
        events_of[event_time(event) // DAY].append(event)

    watched = {p.started_at // DAY for p in real(viewer.plays) if is_valid(p, rules)}
    met_paywall = {i.shown_at // DAY for i in viewer.impressions}
    started_checkout = {o.opened_at // DAY for o in viewer.orders if o.opened_at is not None}
    unlocked = {u.at // DAY for u in viewer.unlocks}
    paid = {p.at // DAY for o in viewer.orders for p in o.purchases.values() if p.amount > 0}
    played_after_unlock = {
        u.at // DAY
        for u in viewer.unlocks
        if started_within(viewer, u.fields.series_id, u.fields.episode_no, u.at, rules.played_after_ms)
    }

    for day, events in events_of.items():
        _, _, dimensions = first(events, lambda e, day=day: day_fields(e, day))
        yield (
            (day * DAY_S, *dimensions),
            {
                "active": 1,
                "watched": int(day in watched),
                "met_paywall": int(day in met_paywall),
                "started_checkout": int(day in started_checkout),
                "unlocked": int(day in unlocked),
                "paid": int(day in paid),
                "played_after_unlock": int(day in played_after_unlock),
            },
        )


def day_fields(e, day):
    """What a day takes from its first event."""
    return (e["platform"], text(e, "country"), tenure(e.get("installed_at"), day), text(e, "payer_state"))


def tenure(installed_at, day):
    if installed_at is None:
        return "unknown"
    return "new" if installed_at // DAY == day else "returning"
