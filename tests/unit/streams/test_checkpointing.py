"""Checkpoints take turns: evenly, within their share of the time, and none waits too long."""

import asyncio
from itertools import pairwise

import pytest

from producers.simulator import SimulationSettings, simulate
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from schemas.tables import PAYWALL_MINUTES
from streams import checkpointing
from streams.checkpointing import SOONEST_S, Checkpointer, by_viewers
from streams.count import count_all
from streams.fold import apply
from streams.owned import Owned
from streams.partition import Partition
from tests.support.hands import Hands
from tests.unit.oracle.events import shown, start
from tests.unit.streams.folded import message

SETTINGS = WorkerSettings()
COST_S, PARTITIONS = 0.1, 10
ROUND_S = PARTITIONS * COST_S / SETTINGS.checkpoint_share


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def partitions():
    return [owned_of(number, COST_S) for number in range(PARTITIONS)]


def owned_of(number, cost_s):
    owned = Owned(number, Partition(FoldRules()), fresh=False, now_s=0)
    owned.checkpoint_cost_s = cost_s
    return owned


def turns(clock, partitions, until_s, step_s=0.05):
    """Let whoever is due have its turn; return who and when."""
    checkpointer = Checkpointer(SETTINGS, FoldRules(), clock)
    begin, taken = clock.now, []
    while clock.now < begin + until_s:
        clock.now += step_s
        if (owned := checkpointer.due(partitions)) is not None:
            owned.checkpointed_at = clock.now
            taken.append((owned.number, clock.now))
    return taken


def test_what_has_not_begun_is_never_due(clock, partitions):
    partitions[3].fresh = True
    assert 3 not in {number for number, _ in turns(clock, partitions, until_s=5 * ROUND_S)}


def test_a_round_is_spread_over_its_time(clock, partitions):
    taken = turns(clock, partitions, until_s=ROUND_S + 0.1)
    assert [number for number, _ in taken] == list(range(PARTITIONS))
    gaps = [after[1] - before[1] for before, after in pairwise(taken)]
    assert min(gaps) > 0.9 * ROUND_S / PARTITIONS


def test_what_costs_little_is_not_done_too_often(clock):
    taken = turns(clock, [owned_of(0, 0.0)], until_s=3.5 * SOONEST_S)
    assert len(taken) == 3


def test_what_has_waited_for_a_whole_round_does_not_wait_for_its_turn(clock, partitions):
    """After an outage of the warehouse all of them are late."""
    clock.now = 10 * SETTINGS.checkpoint_s
    taken = turns(clock, partitions, until_s=1.0)
    assert len(taken) == PARTITIONS


def folded(times):
    """A partition in which much is touched, counted as a worker would, once in a while."""
    partition = Partition(FoldRules())
    settings = SimulationSettings(seed=3, live_viewers=60, warm_up_s=5.0, series=5, max_events=4_000)
    for number, delivery in enumerate(simulate(settings)):
        apply(partition, number, delivery.at_ms, delivery.line)
        if number % 1_000 == 0:
            times(partition)
    return partition


def in_parts(partition):
    for part in by_viewers(partition.touched, at_most=7):
        partition.touched = part
        count_all(partition)


def rows_of(partition):
    return {
        (name, row.key, row.generation): (row.values, row.bins) for name, row in partition.book.open_rows()
    }


def left_of(touched):
    return [*touched.plays, *touched.late_plays, *touched.series, *touched.late_series, *touched.days]


VIEWERS = 200


def at_one_gate():
    """Many viewers who start an episode and see one paywall in the same minute, not counted yet."""
    partition = Partition(FoldRules())
    for number in range(VIEWERS):
        who = {"viewer_id": f"v{number}"}
        lines = [start(f"p{number}", number, **who), shown(f"i{number}", number + 1, **who)]
        apply(partition, number, *message(lines))
    return partition


async def test_rows_of_the_paywall_that_are_taken_while_the_rest_is_counted_are_whole(monkeypatch, clock):
    """A flush may take them between two slices: what it takes has the version of the whole prefix."""
    monkeypatch.setattr(checkpointing, "TOUCHED_A_SLICE", 7)
    owned = owned_of(0, COST_S)
    owned.state = at_one_gate()
    encoding = asyncio.ensure_future(Checkpointer(SETTINGS, FoldRules(), clock).encode(owned))
    steps, taken = 0, []
    while not encoding.done():
        await asyncio.sleep(0)
        steps += 1
        taken += owned.take_rows([PAYWALL_MINUTES], source_epoch=1, logic_epoch=1)
    assert steps > VIEWERS / 7
    place = PAYWALL_MINUTES.columns.index("impressions")
    assert [row[place] for _, rows in taken for row in rows] == [VIEWERS]


def test_parts_are_of_about_one_size():
    parts = by_viewers(at_one_gate().touched, at_most=50)
    sizes = [len(part.series) for part in parts]
    assert len(sizes) > 3
    assert max(sizes) - min(sizes) <= 1


def test_to_count_in_parts_is_to_count_the_whole():
    whole, parts = folded(count_all), folded(in_parts)
    assert len(by_viewers(parts.touched, at_most=7)) > 10
    count_all(whole)
    in_parts(parts)
    assert rows_of(parts) == rows_of(whole)
    assert left_of(parts.touched) == left_of(whole.touched) == []
