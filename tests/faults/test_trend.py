"""Whether a soak says that memory grows when it does, and only then."""

import random

from tests.faults.samples import Memory
from tests.faults.trend import growth, peaks, points, trend


def samples(mb_of, minutes=30, partitions=(6, 6), age_s=100.0):
    return [
        Memory(float(at), name, pid, age_s, mb_of(at) / 2, 1_000, count)
        for at in range(0, minutes * 60, 10)
        for (name, pid), count in zip((("one", 1), ("two", 2)), partitions, strict=True)
    ]


def test_a_leak_is_growth():
    assert trend(samples(lambda at: 200 + 50 * at / 3600), 12).grows


def test_noise_is_none():
    rng = random.Random(1)
    assert not trend(samples(lambda at: 200 + rng.gauss(0, 20)), 12).grows


def test_peaks_that_rise_are_growth_and_processes_that_begin_anew_are_none():
    assert peaks(samples(lambda at: 200 + at / 20), 12).grows
    assert not peaks(samples(lambda at: 300 + at % 400 / 5), 12).grows
    assert peaks([], 12) == (0.0, 0.0)


def test_what_grew_in_the_first_half_is_not_held_against_the_second():
    assert not trend(samples(lambda at: min(100 + at / 5, 200)), 12).grows


def test_moments_with_a_young_worker_or_without_all_partitions_do_not_count():
    assert points(samples(lambda at: 200, age_s=5.0), 12) == []
    assert points(samples(lambda at: 200, partitions=(6, 3)), 12) == []
    assert len(points(samples(lambda at: 200), 12)) == 180


def test_the_slope_is_percent_of_the_mean_an_hour():
    line = growth([(at, 100 + at / 36) for at in range(0, 361, 10)])
    assert line.percent == round(100 / 1.05, 1)
    assert line.error == 0


def test_nothing_is_said_of_few_points():
    assert not growth([(0.0, 1.0), (1.0, 9.0)]).grows
