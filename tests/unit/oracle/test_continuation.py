"""How a completed play went on: to the next episode, to a gate, or away."""

import pytest

from tests.unit.oracle.events import HOUR, MINUTE, heartbeat, rows, shown, start, watch

LAST = MINUTE  # of `watch`, and 30 minutes on the span ends
END = LAST + 30 * MINUTE


def went_on(*events, **rules):
    """(auto, deliberate, gate) of the play p1, which is complete."""
    for key, counted in rows("episode_minutes", [*watch(), *events], **rules).items():
        if key[1] == "s" and key[2] == 1:
            return (
                counted["continued_auto"],
                counted["continued_deliberate"],
                counted["stopped_at_gate"],
            )
    return None


AUTO, DELIBERATE, GATE, LEFT = (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)


def test_a_viewer_who_does_nothing_more_left():
    assert went_on() == LEFT


@pytest.mark.parametrize("reason", ["tap", "next_tap", "next_swipe", "resume", "deep_link", "replay"])
def test_any_reason_but_auto_next_is_deliberate(reason):
    assert went_on(start("p2", LAST, episode=2, reason=reason)) == DELIBERATE


def test_auto_next_is_auto():
    assert went_on(start("p2", LAST, episode=2, reason="auto_next")) == AUTO


@pytest.mark.parametrize(("at", "expected"), [(-1, LEFT), (0, AUTO), (END, AUTO), (END + 1, LEFT)])
def test_the_span_holds_both_its_ends(at, expected):
    assert went_on(start("p2", at, episode=2, reason="auto_next")) == expected


@pytest.mark.parametrize(("at", "expected"), [(-1, LEFT), (0, GATE), (END, GATE), (END + 1, LEFT)])
def test_a_gate_stops_within_the_same_span(at, expected):
    assert went_on(shown(at=at, episode=2)) == expected


def test_the_span_grows_with_the_last_activity():
    assert went_on(heartbeat(at=HOUR), start("p2", HOUR + 30 * MINUTE, episode=2)) == DELIBERATE


def test_a_second_start_of_the_play_is_activity():
    assert went_on(start(at=HOUR), start("p2", HOUR + 30 * MINUTE, episode=2)) == DELIBERATE


def test_the_gap_is_a_setting():
    after = start("p2", LAST + 1, episode=2)
    assert went_on(after, sitting_gap_ms=1) == DELIBERATE
    assert went_on(after, sitting_gap_ms=0) == LEFT


def test_the_first_start_decides():
    deliberate, auto = start("p2", LAST, episode=2), start("p3", LAST + 1, episode=2, reason="auto_next")
    assert went_on(auto, deliberate) == DELIBERATE


def test_of_starts_at_one_time_the_smaller_event_id_decides():
    first, second = start("p3", LAST, episode=2, reason="auto_next"), start("p2", LAST, episode=2)
    assert went_on(second, first) == AUTO


def test_a_start_outweighs_a_gate_before_it():
    assert went_on(shown(at=LAST), start("p2", LAST + MINUTE, episode=2)) == DELIBERATE


@pytest.mark.parametrize(
    "other",
    [
        start("p2", LAST, episode=3),
        start("p2", LAST, episode=2, series_id="other"),
        start("p2", LAST, episode=2, viewer_id="other"),
        start("p2", LAST, episode=2, reason="preview"),
        shown(at=LAST, episode=3),
        shown(at=LAST, series_id="other"),
        shown(at=LAST, viewer_id="other"),
    ],
)
def test_only_the_next_episode_of_the_series_and_viewer_continues(other):
    assert went_on(other) == LEFT


def test_a_play_that_is_not_complete_does_not_go_on():
    events = [start(), start("p2", LAST, episode=2)]
    assert all(r["continued_deliberate"] == 0 for r in rows("episode_minutes", events).values())


def test_two_completed_plays_may_share_one_start():
    events = [*watch("p1"), *watch("p2", 1), start("p3", LAST, episode=2)]
    assert sum(r["continued_deliberate"] for r in rows("episode_minutes", events).values()) == 2
