"""Laws that hold for the oracle's tables, whatever happened."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.oracle import diff, tables
from tests.unit.oracle.events import (
    MINUTE,
    checkout,
    dismissed,
    failure,
    heartbeat,
    purchase,
    refund,
    reward,
    shown,
    start,
    unlock,
)

times = st.integers(0, 40).map(lambda n: n * 7 * MINUTE)
few = st.integers(1, 3)
reasons = st.sampled_from(["tap", "auto_next", "preview"])
methods = st.sampled_from(["coins", "ad", "bundle", "free_grant"])
marks = st.sampled_from([0, 9_999, 10_000, 30_000, 54_000, 57_000, 60_000])
maybe = st.none() | marks
plays, gates = st.sampled_from(["p1", "p2", "p3"]), st.sampled_from(["i1", "i2"])
orders, viewers = st.sampled_from(["o1", "o2"]), st.sampled_from(["v", "w"])


@st.composite
def one_event(draw):
    made = draw(
        st.one_of(
            st.builds(start, plays, times, episode=few, reason=reasons, position=marks),
            st.builds(heartbeat, plays, times, position=marks, played=maybe, watched=maybe),
            st.builds(heartbeat, plays, times, position=marks, played=maybe, watched=maybe),
            st.builds(shown, gates, times, episode=few),
            st.builds(dismissed, gates, times),
            st.builds(checkout, orders, gates, times),
            st.builds(purchase, orders, times),
            st.builds(failure, orders, times),
            st.builds(refund, orders, times),
            st.builds(reward, st.just("a1"), times, impression=gates),
            st.builds(
                unlock,
                gates,
                times,
                method=methods,
                names=st.none() | gates,
                episode=few,
                revenue_usd_micros=few,
            ),
        )
    )
    return made | {"viewer_id": draw(viewers)}


streams = st.lists(one_event(), max_size=30)


@given(events=streams, data=st.data())
def test_neither_copies_nor_order_change_anything(events, data):
    shuffled = data.draw(st.permutations(events + events[::2]))
    assert tables(shuffled) == tables(events)


@given(events=streams)
def test_rows_add_up_over_viewers(events):
    apart = [tables([e for e in events if e["viewer_id"] == v]) for v in ("v", "w")]
    assert diff(tables(events), added(*apart)) == []


def added(left, right):
    both = {}
    for table in left:
        both[table] = dict(left[table])
        for key, row in right[table].items():
            mine = both[table].get(key, {})
            both[table][key] = {name: plus(mine.get(name), value) for name, value in row.items()}
    return both


def plus(mine, value):
    if isinstance(value, dict):
        return Counter(mine or {}) + Counter(value)
    return (mine or 0) + value


@given(events=streams)
def test_no_share_of_one_row_passes_1(events):
    found = tables(events)
    for r in found["episode_minutes"].values():
        assert r["completes"] <= r["valid_plays"] <= r["starts"]
        assert r["reached_95"] <= r["reached_75"] <= r["reached_50"] <= r["reached_25"] <= r["starts"]
        assert r["continued_auto"] + r["continued_deliberate"] + r["stopped_at_gate"] <= r["completes"]
    for r in found["paywall_minutes"].values():
        assert r["converted_1m"] <= r["converted_5m"] <= r["converted_30m"] <= r["converted_24h"]
        by_method = sum(r[f"conversions_{m}"] for m in ("coins", "ad", "subscription", "bundle"))
        assert r["played_after"] <= by_method == r["converted_24h"] <= r["impressions"]
        assert r["payment_failures"] <= r["checkouts"] <= r["impressions"]
        assert r["first_impressions"] <= r["impressions"]
    for r in found["unlock_minutes"].values():
        assert r["without_impression"] <= r["unlocks"]
    for r in found["viewer_days"].values():
        assert max(r.values()) == r["active"]


@given(events=streams)
def test_histograms_hold_every_sitting_and_curves_every_play(events):
    found = tables(events)
    for r in found["sittings"].values():
        assert all(sum(r[name].values()) == r["sittings"] for name in ("depth", "run", "deliberate"))
    curves = sum(sum(r["plays_by_bin"].values()) for r in found["exit_curves"].values())
    assert curves == sum(r["starts"] for r in found["episode_minutes"].values())
