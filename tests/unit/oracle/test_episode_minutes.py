"""A play and what it counts as, by itself."""

import pytest

from tests.unit.oracle.events import (
    HOUR,
    MINUTE,
    SECOND,
    event,
    heartbeat,
    key,
    row,
    rows,
    start,
    watch,
)


def play(*, duration=100 * SECOND, start_position=0, **heard):
    return row("episode_minutes", [start(duration_ms=duration, position=start_position), heartbeat(**heard)])


def test_a_start_counts_as_a_fresh_start_and_no_more():
    counted = {name: n for name, n in row("episode_minutes", [start()]).items() if n}
    assert counted == {"starts": 1, "fresh_starts": 1}


def test_a_play_without_a_start_counts_nothing():
    assert rows("episode_minutes", [heartbeat(played=MINUTE, watched=MINUTE)]) == {}


def test_a_preview_counts_as_a_preview_and_in_nothing_else():
    events = watch(reason="preview")
    assert {name: n for name, n in row("episode_minutes", events).items() if n} == {"previews": 1}
    assert rows("exit_curves", events) == rows("sittings", events) == {}


def test_a_play_that_was_a_preview_first_stays_one():
    events = [start(reason="preview"), start(reason="tap", at=1)]
    assert row("episode_minutes", events)["starts"] == 0


@pytest.mark.parametrize(("position", "fresh"), [(4_999, 1), (5_000, 0)])
def test_fresh_is_below_5_percent(position, fresh):
    assert play(start_position=position)["fresh_starts"] == fresh


@pytest.mark.parametrize(
    ("duration", "played", "valid"),
    [
        (100 * SECOND, 9_999, 0),
        (100 * SECOND, 10_000, 1),
        (20 * SECOND, 4_999, 0),
        (20 * SECOND, 5_000, 1),
        (3, 1, 1),
        (5, 1, 0),
        (100 * SECOND, None, 0),
    ],
)
def test_valid_is_ten_seconds_or_a_quarter(duration, played, valid):
    assert play(duration=duration, played=played)["valid_plays"] == valid


def test_the_seconds_that_make_a_play_valid_are_a_setting():
    events = [start(), heartbeat(played=3_000)]
    assert row("episode_minutes", events, valid_play_ms=3_000)["valid_plays"] == 1
    assert row("episode_minutes", events, valid_play_ms=3_001)["valid_plays"] == 0


@pytest.mark.parametrize("percent", [25, 50, 75, 95])
def test_a_share_is_reached_at_it_and_not_before(percent):
    at_it, before = percent * SECOND, percent * SECOND - 1
    assert play(position=at_it)[f"reached_{percent}"] == 1
    assert play(position=before)[f"reached_{percent}"] == 0


def test_a_play_need_not_be_valid_to_reach():
    assert play(position=25 * SECOND, played=0)["reached_25"] == 1


def test_a_play_reaches_where_it_starts():
    assert play(start_position=50 * SECOND, position=0)["reached_50"] == 1


def test_where_a_second_start_begins_is_not_reached():
    events = [start(), start(at=1, position=MINUTE)]
    assert row("episode_minutes", events)["reached_25"] == 0


def test_where_a_seek_goes_to_is_not_reached():
    seek = event("seek", 1, playback_id="p1", position_ms=0, from_ms=0, to_ms=MINUTE)
    assert row("episode_minutes", [start(), seek])["reached_25"] == 0


@pytest.mark.parametrize(
    "event_type", ["heartbeat", "pause", "resume", "seek", "stall", "player_error", "play_end"]
)
def test_every_event_of_a_play_tells_its_position_and_counters(event_type):
    told = event(event_type, 1, playback_id="p1", position_ms=MINUTE, played_ms=11_000, watched_ms=9_000)
    counted = row("episode_minutes", [start(), told])
    assert (counted["reached_95"], counted["played_ms"], counted["watched_ms"]) == (1, 11_000, 9_000)


@pytest.mark.parametrize(
    ("played", "watched", "position", "complete"),
    [
        (10_000, 90_000, 0, 1),
        (10_000, 89_999, 100_000, 0),
        (9_999, 90_000, 100_000, 0),
        (10_000, None, 95_000, 1),
        (10_000, None, 94_999, 0),
        (10_000, 0, 95_000, 0),
    ],
)
def test_complete_is_90_watched_or_else_95_reached(played, watched, position, complete):
    assert play(played=played, watched=watched, position=position)["completes"] == complete


def test_counters_that_go_back_count_at_their_greatest():
    events = [start(), heartbeat(at=1, played=30_000, watched=20_000), heartbeat(at=2, played=1, watched=1)]
    counted = row("episode_minutes", events)
    assert (counted["played_ms"], counted["watched_ms"]) == (30_000, 20_000)


def test_watched_counts_up_to_the_duration_and_played_beyond():
    counted = play(duration=10_000, played=50_000, watched=50_000)
    assert (counted["played_ms"], counted["watched_ms"]) == (50_000, 10_000)


def test_all_is_credited_to_the_minute_and_dimensions_of_the_start():
    begun = start(country="DE", platform="web")
    events = [begun, heartbeat(at=HOUR, position=MINUTE, played=MINUTE, country="FR", platform="tv")]
    assert key("episode_minutes", events)[4:] == ("web", "DE")
    assert row("episode_minutes", events)["completes"] == 1


def test_plays_of_one_row_add_up():
    counted = row("episode_minutes", [*watch("p1"), *watch("p2"), *watch("p3", viewer_id="w")])
    assert (counted["starts"], counted["completes"], counted["played_ms"]) == (3, 2, 2 * MINUTE)
