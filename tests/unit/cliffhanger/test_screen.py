"""What the demo shows, from numbers that are given."""

import io

from rich.console import Console

from cliffhanger.demo.numbers import Counted, Numbers
from cliffhanger.demo.screen import line, screen
from cliffhanger.health import Health, Partition
from warehouse.reader import BingeDepth, EpisodeDropOff, GateConversion, Totals

WELL = Health("worker-1", [], [Partition(0, 3), Partition(1, None)])
AWAY = Health("?", ["no health page (refused)"], [])
COUNTED = Counted(
    totals=Totals(900, 800, 500, 300, 40, 10, 12, 123_456_789, 290),
    depth=BingeDepth(300, 1, {0: 100, 1: 150, 14: 50}, 50, 50, 50, 2.83, 2.0, 1.5, 1, 14),
    series="series-0007",
    episodes=[
        EpisodeDropOff("series-0007", 1, 400, 350, 300, 200, 50, 0, 0.1667),
        EpisodeDropOff("series-0007", 2, 250, 220, 200, 80, 20, 60, 0.5),
        EpisodeDropOff("series-0007", 3, 9, 8, 1, 0, 0, 0, 1.0),
    ],
    gates=[GateConversion("series-0007", 3, 1, 40, 12, 10, 10, 5, 3, 1, 1, 1, 0.25, 0.25)],
)
NUMBERS = Numbers(61.0, 1987.4, 120_000, 2010.2, 3, {"worker-1": WELL, "worker-2": AWAY}, COUNTED, "")
NOTHING = Numbers(1.0, None, 0, None, None, {"worker-1": AWAY}, None, "ClickHouse does not answer")


def printed(numbers, *notes):
    console = Console(width=130, record=True, file=io.StringIO())
    console.print(screen(numbers, "ClickHouse 127.0.0.1:19000", "curl ...", notes))
    return console.export_text()


def test_a_line_has_the_rate_the_lag_and_the_three_measures():
    said = line(NUMBERS)
    assert "collector 2,010/s | 1,987 events/s, 120,000 so far, lag 3" in said
    assert "sittings 300, mean depth 2.83, 90 % within 14" in said
    assert "series-0007: worst drop-off 50.0% after episode 2" in said  # not of 3: too few
    assert "gates: 40 shown, 25.0% converted" in said
    assert said.endswith("worker-2: no health page (refused)")


def test_a_line_of_nothing_says_why():
    said = line(NOTHING)
    assert "- events/s, 0 so far, lag -" in said
    assert said.endswith("ClickHouse does not answer")


def test_the_screen_shows_the_tables_side_by_side_and_where_to_ask():
    said = printed(NUMBERS, "worker-2 ended with -9")
    titles = next(row for row in said.splitlines() if "Sittings by depth" in row)
    assert "Drop-off of series-0007" in titles
    assert "Conversion by gate" in titles
    for text in (
        "collector 2,010 events/s",
        "counted 1,987 events/s",
        "2 partitions",
        "$123.46",
        "11+",
        "curl ...",
        "worker-2 ended with -9",
    ):
        assert text in said


def test_the_screen_before_anything_was_counted():
    said = printed(NOTHING)
    assert "ClickHouse does not answer" in said
    assert "Sittings" not in said
