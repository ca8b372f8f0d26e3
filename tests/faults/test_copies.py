"""What a soak rests on: the rows of disjoint copies are those of one, times their number."""

import json
from collections import Counter

from producers.partitioning import partition_of
from producers.simulator import Dirt, SimulationSettings, simulate
from tests.faults.copies import TAGS, added, copies_of, times
from tests.faults.source import Source, Truth
from tests.oracle.oracle import diff, tables
from tests.oracle.rules import Rules

COPIES = 5
SHARED_IDS = {"series_id", "paywall_id", "offer_id"}
HEAVY = SimulationSettings(seed=3, max_events=8_000, live_viewers=60, eagerness=3, dirt=Dirt.heavy())


def events_of(path):
    lines = [line for line in path.read_bytes().splitlines() if line.startswith(b'{"event"')]
    return [json.loads(line)["event"] for line in lines], lines


def test_the_oracle_of_all_copies_is_a_multiple_of_the_oracle_of_one(tmp_path):
    with Truth(tmp_path / "truth.jsonl") as truth:
        list(simulate(HEAVY, truth))
    events, lines = events_of(tmp_path / "truth.jsonl")
    copied = [json.loads(copy)["event"] for line in lines for _, copy in copies_of("", line, COPIES)]

    one, all_of_them = tables(events, rules=Rules()), tables(copied, rules=Rules())

    assert len(copied) == COPIES * len(events)
    assert diff(times(one, COPIES), all_of_them) == []
    assert diff(one, all_of_them) != []


def test_no_id_of_a_copy_is_that_of_another():
    whose = {}
    for _, viewer_id, line in simulate(HEAVY.model_copy(update={"dirt": Dirt.none()})):
        for number, (key, copy) in enumerate(copies_of(viewer_id, line, len(TAGS))):
            event = json.loads(copy)
            assert event["viewer_id"] == key
            for name, value in event.items():
                if name.endswith("_id") and name not in SHARED_IDS:
                    assert whose.setdefault(value, number) == number, name
    assert len(whose) > len(TAGS)


def test_copies_live_in_all_partitions():
    viewers = {delivery.viewer_id for delivery in simulate(HEAVY)}
    found = Counter(
        partition_of(key, 12) for viewer_id in viewers for key, _ in copies_of(viewer_id, b"", len(TAGS))
    )
    assert len(found) == 12
    assert max(found.values()) < 1.5 * min(found.values())


def test_the_oracle_gives_the_same_in_shards(tmp_path, monkeypatch):
    source = Source(HEAVY, tmp_path / "truth.jsonl", sender=None, per_s=1, copies=2)
    whole = source.expected(Rules())
    monkeypatch.setattr("tests.faults.source.EVENTS_A_SHARD", 1_000)

    assert source.expected(Rules()) == whole


def test_rows_are_added_bin_by_bin():
    first = {"t": {(1,): {"n": 1, "h": {0: 1, 2: 5}}}}
    second = {"t": {(1,): {"n": 2, "h": {2: 1, 3: 1}}, (2,): {"n": 7, "h": {}}}}
    assert added(first, second) == {"t": {(1,): {"n": 3, "h": {0: 1, 2: 6, 3: 1}}, (2,): {"n": 7, "h": {}}}}
