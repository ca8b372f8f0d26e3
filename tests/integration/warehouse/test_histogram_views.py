"""Exit curves and the depth of sittings, against numbers computed by hand."""

import pytest

from schemas.tables import EXIT_CURVES, SITTINGS
from tests.contracts.warehouse import a_row


def test_exit_curves_add_bins_and_drop_those_that_came_to_nothing(writer, read):
    def curve(**values):
        return a_row(EXIT_CURVES, series_id="s", episode_no=1, platform="ios", **values)

    writer.write_rows(EXIT_CURVES, [curve(version=1, plays_by_bin={0: 5, 7: 1})])
    writer.write_rows(EXIT_CURVES, [curve(version=2, plays_by_bin={0: 4, 9: 2})])
    writer.write_rows(EXIT_CURVES, [curve(partition=1, plays_by_bin={299: 1, 9: 1})])
    writer.write_rows(EXIT_CURVES, [curve(partition=1, generation=8, plays_by_bin={299: -1, 3: 1})])
    for grain in ("hour", "day"):
        assert read(f"exit_curves_by_{grain}", "plays_by_bin", "plays") == ({0: 4, 3: 1, 9: 3}, 8)


def test_survival_and_hazard_of_each_bin(writer, read):
    curve = a_row(EXIT_CURVES, series_id="s", episode_no=1, plays_by_bin={0: 4, 3: 1, 9: 3})
    writer.write_rows(EXIT_CURVES, [curve])
    for grain in ("hour", "day"):
        columns = ("bin", "plays", "plays_at_or_past", "plays_total", "survival", "hazard")
        bins = read(f"exit_curve_bins_by_{grain}", *columns)
        assert [row[0] for row in bins] == list(range(300))
        assert bins[0] == (0, 4, 8, 8, 1.0, 0.5)
        assert bins[1] == (1, 0, 4, 8, 0.5, 0.0)
        assert bins[3] == (3, 1, 4, 8, 0.5, 0.25)
        assert bins[9] == (9, 3, 3, 8, 0.375, 1.0)
        assert bins[10] == (10, 0, 0, 8, 0.0, None)
        assert bins[299] == (299, 0, 0, 8, 0.0, None)


def test_bins_of_two_platforms_add_up_to_the_curve_of_both(writer, read):
    curves = [
        a_row(EXIT_CURVES, platform="ios", plays_by_bin={2: 6}),
        a_row(EXIT_CURVES, platform="tv", plays_by_bin={8: 2}),
    ]
    writer.write_rows(EXIT_CURVES, curves)
    survival = "sum(plays_at_or_past) / sum(plays_total)"
    assert read("exit_curve_bins_by_day", survival, where="bin = 2") == (1.0,)
    assert read("exit_curve_bins_by_day", survival, where="bin = 5") == (0.25,)


def test_the_depth_of_sittings_from_the_histogram(writer, read):
    def sitting(**values):
        return a_row(SITTINGS, series_id="s", platform="ios", country="BR", **values)

    writer.write_rows(
        SITTINGS,
        [
            sitting(version=1, sittings=9, depth={4: 9}, run={1: 9}, deliberate={0: 9}),
            sitting(
                version=2,
                sittings=8,
                played_ms=5,
                depth={0: 1, 1: 3, 2: 1, 5: 3},
                run={0: 5, 4: 3},
                deliberate={0: 6, 1: 2},
            ),
            sitting(partition=1, sittings=2, depth={10: 1, 40: 1}, run={9: 2}, deliberate={5: 2}),
            sitting(partition=2, sittings=1, depth={3: 1}, run={1: 1}, deliberate={1: 1}),
            sitting(partition=2, generation=5, sittings=-1, depth={3: -1}, run={1: -1}, deliberate={1: -1}),
        ],
    )  # fmt: skip
    expected = {
        "sittings": 10,
        "played_ms": 5,
        "depth": {0: 1, 1: 3, 2: 1, 5: 3, 10: 1, 40: 1},
        "depth_sum": 70,  # 0 + 3 + 2 + 15 + 10 + 40
        "depth_mean": 7.0,
        "depth_p50": 2,  # 1 + 3 + 1 = 5 of 10
        "depth_p90": 10,  # 9 of 10
        "deep_2": 6,
        "deep_5": 5,
        "deep_10": 2,
        "deep_2_share": 0.6,
        "deep_5_share": 0.5,
        "deep_10_share": 0.2,
        "run_sum": 30,
        "run_mean": 3.0,
        "deliberate_sum": 12,
        "deliberate_mean": 1.2,
    }
    for grain in ("hour", "day"):
        assert read(f"sittings_by_{grain}", *expected) == tuple(expected.values())


@pytest.mark.parametrize(
    ("depth", "p50", "p90"),
    [({0: 1}, 0, 0), ({1: 1, 2: 1}, 1, 2), ({1: 9, 7: 1}, 1, 1), ({1: 8, 7: 2}, 1, 7)],
)
def test_a_quantile_is_a_depth_that_a_sitting_has(writer, read, depth, p50, p90):
    writer.write_rows(SITTINGS, [a_row(SITTINGS, sittings=sum(depth.values()), depth=depth)])
    assert read("sittings_by_day", "depth_p50", "depth_p90") == (p50, p90)
