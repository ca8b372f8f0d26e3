"""What a person may say on the command line, and what is said back when it is wrong."""

from datetime import UTC, datetime

import pytest

from cliffhanger.pace import speed_of
from cliffhanger.simulation import simulation
from producers.simulator import Dirt
from runtime.errors import SettingsError

USUAL = {
    "events": None, "minutes": None, "rate": None, "viewers": 100, "series": 5, "seed": 1, "start": None,
    "now_ms": None, "dirt": "usual", "knobs": [], "lateness_ms": 21_600_000,
}  # fmt: skip


@pytest.mark.parametrize(
    ("pace", "speed"), [("real", 1), ("recorded", 1), ("max", None), ("60x", 60), ("0.5x", 0.5)]
)
def test_a_pace(pace, speed):
    assert speed_of(pace) == speed


@pytest.mark.parametrize("pace", ["", "fast", "0x", "-1x", "60", "x"])
def test_a_wrong_pace_is_named(pace):
    with pytest.raises(SettingsError, match="--pace"):
        speed_of(pace)


def test_a_rate_decides_how_many_viewers_there_are():
    assert 10_000 < simulation(**USUAL | {"rate": 2_000.0}).live_viewers < 11_000


def test_a_start_without_a_zone_is_utc():
    start = datetime.fromisoformat("2026-03-01T12:00")
    assert simulation(**USUAL | {"start": start}).start_ms == start.replace(tzinfo=UTC).timestamp() * 1000


def test_without_a_start_it_begins_now_or_on_its_fixed_day():
    assert simulation(**USUAL | {"now_ms": 1_800_000_000_000}).start_ms == 1_800_000_000_000
    assert simulation(**USUAL).start_ms == simulation(**USUAL).start_ms


def test_knobs_turn_one_kind_of_dirt():
    dirt = simulation(**USUAL | {"dirt": "none", "knobs": ["duplicates=0.25", "resend_minutes=2"]}).dirt
    assert dirt == Dirt.none().model_copy(update={"duplicates": 0.25, "resend_minutes": 2})


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"dirt": "filthy"}, "--dirt filthy"),
        ({"knobs": ["duplicates"]}, "--knob duplicates"),
        ({"knobs": ["duplicates=7"]}, "duplicates"),
        ({"minutes": -1}, "duration_s"),
        ({"lateness_ms": 3_600_000}, "offline_hours"),
    ],
)
def test_what_is_wrong_is_named(wrong, named):
    with pytest.raises(SettingsError, match=named):
        simulation(**USUAL | wrong)
