"""Which plays are one sitting, and how deep it goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.build import plays
from tests.oracle.playback import group_sittings
from tests.unit.oracle.events import HOUR, MINUTE, SECOND, heartbeat, key, row, rows, start, total, watch

GAP = 30 * MINUTE


def test_a_play_that_was_not_valid_is_a_sitting_of_depth_0():
    expected = {"sittings": 1, "played_ms": 0, "depth": {0: 1}, "run": {0: 1}, "deliberate": {0: 1}}
    assert row("sittings", [start()]) == expected


def test_a_sitting_of_three_episodes():
    events = [
        *watch("p1", 0, episode=1),
        *watch("p2", 2 * MINUTE, episode=2, reason="auto_next"),
        *watch("p3", 4 * MINUTE, episode=3, until=10 * SECOND),
    ]
    assert row("sittings", events) == {
        "sittings": 1,
        "played_ms": 130 * SECOND,
        "depth": {3: 1},
        "run": {2: 1},
        "deliberate": {2: 1},
    }


@pytest.mark.parametrize(("silence", "sittings"), [(GAP, 1), (GAP + 1, 2)])
def test_a_silence_of_exactly_the_gap_joins(silence, sittings):
    events = [*watch("p1"), start("p2", MINUTE + silence, episode=2)]
    assert total("sittings", "sittings", events) == sittings


def test_the_gap_is_a_setting():
    events = [start("p1"), start("p2", 2)]
    assert total("sittings", "sittings", events, sitting_gap_ms=2) == 1
    assert total("sittings", "sittings", events, sitting_gap_ms=1) == 2


def test_the_silence_is_measured_from_the_longest_play_so_far():
    events = [start("p1"), heartbeat("p1", 2 * HOUR), start("p2", MINUTE), start("p3", 2 * HOUR + GAP)]
    assert total("sittings", "sittings", events) == 1


def test_a_late_play_makes_one_sitting_of_two():
    two = [*watch("p1"), *watch("p3", HOUR, episode=3)]
    bridge = watch("p2", 30 * MINUTE, episode=2)
    assert total("sittings", "sittings", two) == 2
    assert row("sittings", two + bridge)["depth"] == {3: 1}


def test_a_preview_joins_nothing():
    events = [start("p1"), start("p2", GAP, reason="preview"), start("p3", 2 * GAP)]
    assert total("sittings", "sittings", events) == 2


def test_each_series_and_viewer_sits_apart():
    events = [start("p1"), start("p2", series_id="other"), start("p1", viewer_id="other")]
    assert total("sittings", "sittings", events) == 3


def test_a_sitting_belongs_to_its_first_play():
    events = [
        start("p2", HOUR + 1, platform="tv"),
        heartbeat("p1", HOUR, country="DE"),
        start("p1", country="FR"),
    ]
    assert key("sittings", events)[1:] == ("s", "ios", "FR")


def test_of_two_plays_at_one_time_the_smaller_event_id_is_first():
    events = [start("p2", platform="tv"), start("p1", platform="ios")]
    assert key("sittings", events)[2] == "tv"


def test_an_episode_played_twice_is_one_deep():
    assert row("sittings", [*watch("p1"), *watch("p2", MINUTE)])["depth"] == {1: 1}


def test_an_episode_is_deliberate_when_one_valid_play_of_it_is():
    events = [*watch("p1", reason="auto_next"), *watch("p2", MINUTE, reason="replay")]
    assert row("sittings", events)["deliberate"] == {1: 1}


def test_a_deliberate_start_that_was_not_valid_makes_no_episode_deliberate():
    events = [*watch("p1", reason="auto_next"), start("p2", MINUTE, reason="replay")]
    assert row("sittings", events)["deliberate"] == {0: 1}


@pytest.mark.parametrize(
    ("completed", "run"), [((), 0), ((7,), 1), ((1, 3), 1), ((3, 1, 2), 3), ((1, 2, 4, 5, 6), 3)]
)
def test_a_run_is_the_longest_chain_of_numbers_in_any_order(completed, run):
    events = [start("p0", episode=4)]
    for place, episode in enumerate(completed):
        events += watch(f"p{place + 1}", (place + 1) * MINUTE, episode=episode)
    assert row("sittings", events)["run"] == {run: 1}


def test_sittings_of_one_hour_share_a_histogram():
    events = [*watch("p1"), *watch("p1", viewer_id="w")[:1], start("p1", viewer_id="x")]
    assert row("sittings", events)["depth"] == {1: 1, 0: 2}
    assert len(rows("sittings", events)) == 1


def close(one, other, gap):
    """The covers of two plays overlap, or lie at most the gap apart."""
    return max(one.started_at, other.started_at) - min(one.last_at, other.last_at) <= gap


def components(covers, gap):
    """Sets of plays of a series that hang together, by pairs, until nothing changes."""
    groups = [{p} for p in covers]
    for one in covers:
        for other in covers:
            if one.fields.series_id == other.fields.series_id and close(one, other, gap):
                left = next(g for g in groups if one in g)
                right = next(g for g in groups if other in g)
                if left is not right:
                    left |= right
                    groups.remove(right)
    return groups


times = st.integers(0, 40)


@given(
    drawn=st.lists(st.tuples(times, st.integers(0, 12), st.sampled_from("ab")), max_size=14),
    gap=st.integers(0, 6),
)
def test_sittings_are_the_components_of_plays_that_lie_close(drawn, gap):
    events = []
    for number, (begin, length, series) in enumerate(drawn):
        events += [start(f"p{number}", begin, series_id=series), heartbeat(f"p{number}", begin + length)]
    covers = plays(events)
    found = [set(s) for s in group_sittings(covers, gap)]
    assert sorted(found, key=ids) == sorted(components(covers, gap), key=ids)


def ids(group):
    return sorted(p.playback_id for p in group)
