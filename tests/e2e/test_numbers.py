"""From simulated events to the report, by commands alone, against the oracle."""

import json
from collections import Counter, defaultdict

import pytest

from tests.oracle.oracle import from_truth, tables

EVENTS = 15_000


@pytest.fixture(scope="module")
def counted(running, tmp_path_factory):
    """The tables of the oracle, after a worker has drained what the simulator sent."""
    truth = tmp_path_factory.mktemp("truth") / "truth.ndjson"
    said = running(
        "simulate", "--pace", "max", "--events", str(EVENTS), "--viewers", "300", "--series", "8",
        "--truth", str(truth),
    )  # fmt: skip
    assert f"{EVENTS:,} events" in said.err
    running("worker", "--drain")
    events, _ = from_truth(truth)
    return tables(events)


def test_binge_depth(running, counted):
    report = ask(running, "binge")
    expected = Counter()
    for row in counted["sittings"].values():
        expected += Counter({str(depth): n for depth, n in row["depth"].items()})
    assert {depth: n for depth, n in report["depth"].items() if n} == dict(expected)
    assert report["sittings"] == sum(expected.values()) > 100
    assert report["depth_mean"] == pytest.approx(
        sum(int(depth) * n for depth, n in expected.items()) / report["sittings"]
    )


def test_drop_off_of_every_episode(running, counted):
    expected = totals(counted["episode_minutes"], key=slice(1, 3))
    report = {(e["series_id"], e["episode_no"]): e for e in ask(running, "dropoff")["episodes"]}
    assert report.keys() == {key for key, row in expected.items() if row["starts"]}
    for key, episode in report.items():
        for name in ("starts", "valid_plays", "completes", "continued_auto", "stopped_at_gate"):
            assert episode[name] == expected[key][name], (key, name)


def test_the_curve_inside_an_episode(running, counted):
    plays = defaultdict(Counter)
    for (_, series, episode, _), row in counted["exit_curves"].items():
        plays[series, episode] += Counter(row["plays_by_bin"])
    (series, episode), expected = max(plays.items(), key=lambda pair: pair[1].total())
    report = ask(running, "dropoff", "--series", series, "--episode", str(episode))
    curve = report["exit_curve"]
    assert {b["bin"]: b["plays"] for b in curve if b["plays"]} == dict(expected)
    assert curve[0]["survival"] == 1


def test_conversion_of_every_gate(running, counted):
    expected = totals(counted["paywall_minutes"], key=slice(1, 4))
    report = {(g["series_id"], g["episode_no"], g["paywall_no"]): g for g in ask(running, "paywall")["gates"]}
    assert {key for key, row in expected.items() if row["impressions"]} <= report.keys()
    for key, gate in report.items():
        for name in ("impressions", "checkouts", "converted_30m", "conversions_coins", "revenue_usd_micros"):
            assert gate[name] == expected[key][name], (key, name)


def test_tables_for_a_person(running, counted):
    del counted
    assert "Sittings by depth" in running("report", "binge").out
    assert "Drop-off by episode" in running("report", "dropoff", "--series", "series-0001").out
    assert "Inside episode 1" in running("report", "dropoff", "--series", "series-0001", "--episode", "1").out
    assert "Paywall conversion by gate" in running("report", "paywall").out


def test_a_span_of_time_selects(running, counted):
    assert any(row["starts"] for row in counted["episode_minutes"].values())
    assert ask(running, "dropoff", "--until", "2025-12-31")["episodes"] == []


def ask(running, *question):
    return json.loads(running("report", *question, "--json").out)


def totals(rows, key):
    found = defaultdict(Counter)
    for dimensions, row in rows.items():
        found[dimensions[key]].update(row)
    return found
