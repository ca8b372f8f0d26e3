"""The bin in which a play ended."""

import pytest

from tests.unit.oracle.events import HOUR, MINUTE, heartbeat, key, row, start


@pytest.mark.parametrize(
    ("duration", "position", "bin_no"),
    [
        (60_000, 0, 0),
        (60_000, 999, 0),
        (60_000, 1_000, 1),
        (60_000, 59_999, 59),
        (60_000, 60_000, 59),
        (60_000, 999_999, 59),
        (60_001, 60_000, 60),
        (1, 1, 0),
        (300_000, 299_000, 299),
        (300_001, 300_001, 299),
        (600_000, 1_999, 0),
        (600_000, 2_000, 1),
        (600_000, 599_999, 299),
        (600_000, 700_000, 299),
    ],
)
def test_a_play_sits_in_the_bin_of_its_furthest_position(duration, position, bin_no):
    events = [start(duration_ms=duration), heartbeat(position=position), heartbeat(position=0)]
    assert row("exit_curves", events)["plays_by_bin"] == {bin_no: 1}


def test_plays_of_one_hour_share_a_curve():
    events = [start("p1"), start("p2", HOUR - 1, position=2_000), start("p3", MINUTE, country="DE")]
    assert row("exit_curves", events)["plays_by_bin"] == {0: 2, 2: 1}


def test_a_curve_belongs_to_the_hour_of_the_start():
    assert key("exit_curves", [start(at=2 * HOUR + 5)]) == (1_699_963_200 + 7_200, "s", 1, "ios")
