"""Checkpoints of many viewers in mid-play, without any worker having lived through it."""

from benchmarks.state import CHECKPOINT_EVERY_MS, EVENTS_A_MESSAGE, settle
from benchmarks.viewers import Habits, lines
from benchmarks.workload import pack
from runtime.clock import SystemClock
from streams.checkpoint import encode
from streams.checkpointing import Checkpointer
from streams.fold import apply
from streams.owned import Owned
from streams.partition import Partition
from warehouse.writer import Writer

MOST_FOLDED = 125_000
"""Viewers that are folded for it. Of more, several partitions get the same ones: each is read by itself."""


def write_states(settings, viewers, partitions):
    """Write a checkpoint at offset 0 of each partition, of so many viewers in all; return how many."""
    distinct = partitions
    while viewers * distinct > MOST_FOLDED * partitions and distinct > 1:
        distinct -= 1
    states = fold(viewers * distinct // partitions, distinct, settings.fold)
    checkpointer = Checkpointer(settings.worker, settings.fold, SystemClock())
    writer = Writer(settings.clickhouse)
    encoded = [list(encode(state)) for state in states]
    for number in range(partitions):
        owned = Owned(number, states[number % distinct], fresh=False, now_s=0.0)
        writer.write_checkpoint(checkpointer.row(checkpointer.facts(owned), encoded[number % distinct]))
    writer.close()
    return sum(len(states[number % distinct].viewers) for number in range(partitions))


def fold(viewers, partitions, rules):
    """Return states with four plays and an impression behind each viewer, and one play under way."""
    states = [Partition(rules) for _ in range(partitions)]
    settled_ms = 0
    for message in pack(lines(viewers, Habits()), EVENTS_A_MESSAGE):
        state = states[message.partition % partitions]
        apply(state, state.next_offset, message.timestamp_ms, message.value)
        if message.timestamp_ms - settled_ms >= 10 * CHECKPOINT_EVERY_MS:
            settled_ms = message.timestamp_ms
            for each in states:
                settle(each)
    for state in states:
        settle(state)
        state.next_offset = 0  # the log of the run begins after them
    return states
