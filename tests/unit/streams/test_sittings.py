"""Sittings: which plays are together, and what they amount to."""

import pytest

from streams.sittings import cluster, longest_run
from streams.state import Play
from tests.unit.oracle.events import HOUR, MINUTE, heartbeat, shown, start, watch
from tests.unit.streams.folded import folding, message, row, rows, total, view

GAP = 30 * MINUTE


@pytest.mark.parametrize(
    ("numbers", "run"),
    [((), 0), ((4,), 1), ((1, 2, 3), 3), ((3, 1, 2), 3), ((1, 3, 5), 1), ((1, 2, 9, 10, 11, 20), 3)],
)
def test_the_longest_run(numbers, run):
    assert longest_run(set(numbers)) == run


def cover(begin, end):
    play = Play(f"{begin}", end)
    play.started_at = begin
    return play


@pytest.mark.parametrize(
    ("covers", "sizes"),
    [
        ([], []),
        ([(0, 0)], [1]),
        ([(0, 10), (10 + GAP, 90)], [2]),
        ([(0, 10), (11 + GAP, 90)], [1, 1]),
        ([(0, 2 * GAP), (1, 2), (3 * GAP, 3 * GAP)], [3]),
        ([(0, 2 * GAP), (1, 2), (3 * GAP + 1, 9 * GAP)], [2, 1]),
    ],
)
def test_plays_at_most_a_gap_apart_are_together(covers, sizes):
    together = cluster([cover(*c) for c in covers], GAP)
    assert [len(group) for group in together] == sizes


def test_two_sittings_become_one_when_a_late_play_closes_the_gap():
    apart = [start("p1"), start("p2", HOUR, episode=2)]
    assert total("sittings", "sittings", apart) == 2
    assert row("sittings", [*apart, start("p3", GAP, episode=3)])["depth"] == {0: 1}


def test_a_sitting_that_grows_leaves_its_bin():
    one = watch()
    two = [*one, *watch("p2", MINUTE, episode=2, reason="auto_next")]
    assert row("sittings", one) == {
        "sittings": 1, "played_ms": 60_000, "depth": {1: 1}, "run": {1: 1}, "deliberate": {1: 1},
    }  # fmt: skip
    assert row("sittings", two) == {
        "sittings": 1, "played_ms": 120_000, "depth": {2: 1}, "run": {2: 1}, "deliberate": {1: 1},
    }  # fmt: skip


def test_series_apart_are_sittings_apart():
    assert set(rows("sittings", [start(), start("p2", series_id="t")])) == {
        (1_699_963_200, "s", "ios", "US"),
        (1_699_963_200, "t", "ios", "US"),
    }


@pytest.mark.parametrize(("after", "continued"), [(-1, 0), (0, 1), (MINUTE + GAP, 1), (MINUTE + GAP + 1, 0)])
def test_the_span_of_a_play_includes_both_ends(after, continued):
    lines = [*watch(), start("p2", after, episode=2)]
    assert total("episode_minutes", "continued_deliberate", lines) == continued
    gate = [*watch(), shown("i1", after)]
    assert total("episode_minutes", "stopped_at_gate", gate) == continued


def test_who_continued_did_not_stop_at_the_gate():
    lines = [*watch(), shown("i1", MINUTE), start("p2", 2 * MINUTE, episode=2)]
    assert total("episode_minutes", "stopped_at_gate", lines) == 0
    assert total("episode_minutes", "continued_deliberate", lines) == 1


def test_a_later_heartbeat_lengthens_the_span():
    lines = [*watch(), start("p2", 2 * GAP, episode=2)]
    assert total("episode_minutes", "continued_deliberate", lines) == 0
    assert total("episode_minutes", "continued_deliberate", [*lines, heartbeat("p1", GAP)]) == 1


def test_a_preview_neither_continues_nor_sits():
    lines = [*watch(), start("p2", MINUTE, episode=2, reason="preview")]
    assert total("episode_minutes", "continued_deliberate", lines) == 0
    assert row("sittings", lines)["sittings"] == 1


def test_a_play_that_turns_out_incomplete_was_not_continued():
    """It is complete by its position until an event says how little was watched."""
    lines = [start(), heartbeat(at=MINUTE, position=MINUTE, played=MINUTE), start("p2", MINUTE, episode=2)]
    assert total("episode_minutes", "continued_deliberate", lines) == 1
    folded = folding(lines)
    folded.count()
    folded.take(message([heartbeat(at=MINUTE + 1, watched=1)]))
    found = view(folded.finish())["episode_minutes"]
    assert sum(r["completes"] for r in found.values()) == 0
    assert sum(r["continued_deliberate"] for r in found.values()) == 0
