"""What a play is worth, at every boundary, counted by hand."""

import pytest

from schemas.rules import FoldRules
from streams import plays
from streams.state import ABSENT, NO_BIN, REASON_NUMBER, Place, Play

RULES = FoldRules()
R25, R50, R75, R95 = plays.REACHED_25, plays.REACHED_50, plays.REACHED_75, plays.REACHED_95
ALL = R25 | R50 | R75 | R95
STARTED = plays.START | plays.FRESH


def play(*, duration=60_000, begin=0, position=0, played=ABSENT, watched=ABSENT, reason="tap"):
    found = Play("p", 99)
    found.place = Place("s", 1, 0, "ios", "US", duration)
    found.reason = REASON_NUMBER[reason]
    found.start_position_ms = begin
    found.position_ms = position
    found.played_ms = played
    found.watched_ms = watched
    return found


def flags(found, rules=RULES):
    return plays.flags_of(found, rules.valid_play_ms)


def sums(found):
    return plays.worth_played_ms(found), plays.worth_watched_ms(found), plays.bin_of(found)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, STARTED),
        ({"begin": 2_999}, STARTED),
        ({"begin": 3_000}, plays.START),
        ({"position": 14_999}, STARTED),
        ({"position": 15_000}, STARTED | R25),
        ({"position": 29_999}, STARTED | R25),
        ({"position": 30_000}, STARTED | R25 | R50),
        ({"position": 44_999}, STARTED | R25 | R50),
        ({"position": 45_000}, STARTED | R25 | R50 | R75),
        ({"position": 56_999}, STARTED | R25 | R50 | R75),
        ({"position": 57_000}, STARTED | ALL),
        ({"position": 90_000}, STARTED | ALL),
        ({"begin": 57_000}, plays.START | ALL),
        ({"begin": 57_000, "position": 1}, plays.START | ALL),
        ({"played": 9_999}, STARTED),
        ({"played": 10_000}, STARTED | plays.VALID),
        ({"played": 7_499, "duration": 30_000}, STARTED),
        ({"played": 7_500, "duration": 30_000}, STARTED | plays.VALID),
        ({"played": 0, "duration": 1}, STARTED),
        ({"played": 1, "duration": 1}, STARTED | plays.VALID),
        ({"played": 10_000, "watched": 53_999}, STARTED | plays.VALID),
        ({"played": 10_000, "watched": 54_000}, STARTED | plays.VALID | plays.COMPLETE),
        ({"played": 9_999, "watched": 54_000}, STARTED),
        ({"played": 10_000, "watched": 0, "position": 60_000}, STARTED | ALL | plays.VALID),
        ({"played": 10_000, "position": 57_000}, STARTED | ALL | plays.VALID | plays.COMPLETE),
        ({"played": 10_000, "position": 56_999}, STARTED | R25 | R50 | R75 | plays.VALID),
        ({"position": 60_000}, STARTED | ALL),
    ],
)
def test_the_flags_of_a_play(fields, expected):
    assert flags(play(**fields)) == expected


def test_the_sums_of_a_play():
    assert sums(play()) == (0, 0, 0)
    assert sums(play(played=70_000, watched=61_000, position=61_000)) == (70_000, 60_000, 59)


def test_a_preview_is_a_preview_and_nothing_else():
    preview = play(reason="preview", played=60_000, watched=60_000, position=60_000)
    assert (flags(preview), *sums(preview)) == (plays.PREVIEW, 0, 0, NO_BIN)


@pytest.mark.parametrize(
    ("position", "duration", "found"),
    [
        (0, 60_000, 0), (999, 60_000, 0), (1_000, 60_000, 1), (59_999, 60_000, 59), (60_000, 60_000, 59),
        (60_000, 60_001, 60), (61_000, 60_001, 60), (0, 1, 0), (5_000, 1, 0),
        (299_999, 300_000, 299), (300_000, 300_000, 299),
        (0, 300_001, 0), (1_000, 300_001, 0), (1_001, 300_001, 1), (300_001, 300_001, 299), (10**8,
        300_001, 299),
        (6_000, 600_000, 3), (5_999, 600_000, 2),
    ],
)  # fmt: skip
def test_the_bin_of_the_exit_curve(position, duration, found):
    assert plays.exit_bin(position, duration) == found


def test_what_a_platform_calls_a_valid_play_is_a_rule():
    assert not flags(play(played=14_999), FoldRules(valid_play_ms=20_000)) & plays.VALID
    assert flags(play(played=15_000), FoldRules(valid_play_ms=20_000)) & plays.VALID
