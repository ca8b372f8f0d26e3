"""The law of the written rows: whatever anybody may have written and is no longer true is written again.

A process that counts after every message is the one that writes most. A process that starts at offset a
and counts at b must, at b, write each row that the first one held for other than it is now at any offset
between: for that one may have died there. And what it writes must be what the first one holds at b.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

from schemas.tables import COUNTER_TABLES, CounterTable
from streams import checkpoint as codec
from streams.cold import sweep
from streams.count import count_all, count_for
from streams.fold import apply
from streams.partition import Partition
from streams.worker import PAYWALL_TABLES, PLAYBACK_TABLES
from tests.model.world import IMPATIENT, PATIENT, World, world

FLUSHES = (PAYWALL_TABLES, PAYWALL_TABLES + PLAYBACK_TABLES, *[COUNTER_TABLES] * 4)
RowName = tuple[str, Any, int]
"""(table, key, generation)"""


def law_broken(seed: int, forget: float = 0.0) -> list[str]:
    """Return what breaks the law in the world of a seed, over some pairs of offsets."""
    rng = Random(seed)
    rules = rng.choice((PATIENT, PATIENT, IMPATIENT))
    one = world(rng, rules, most=10, viewers="v", binge=rng.random() < 0.7, forget=forget)
    held, states = hold_after_every_message(one)
    end = len(one.messages)
    found = []
    for begin in range(end):
        for count_at in {rng.randint(begin + 1, end), end}:
            state = codec.decode(states[begin], one.rules)
            if rng.random() < 0.5:
                sweep(state, list(state.viewers))
            for offset in range(begin, count_at):
                apply(state, offset, *one.messages[offset])
            tables = rng.choice(FLUSHES)
            count_for(state, tables)
            written = take(state, tables)
            due = {table.name for table in tables}
            for name, values in held.items():
                now = values[count_at]
                moved = any(value != now for value in values[begin:count_at])
                if moved and name not in written and name[0] in due:
                    found.append(f"world {seed}, {begin} to {count_at}: {name} is not written")
            found += [
                f"world {seed}, {begin} to {count_at}: {name} is {value}, not {held.get(name)}"
                for name, value in written.items()
                if value != (held[name][count_at] if name in held else None)
            ]
    return found


def hold_after_every_message(one: World) -> tuple[dict[RowName, list[Any]], list[bytes]]:
    """Count and write after every message; return each row's value after each offset, and each state."""
    state = Partition(one.rules)
    held: dict[RowName, list[Any]] = {}
    states = []
    for offset in range(len(one.messages) + 1):
        count_all(state)
        written = take(state, COUNTER_TABLES)
        for name in held.keys() | written.keys():
            values = held.setdefault(name, [None] * offset)
            values.append(written[name] if name in written else values[-1])
        states.append(codec.compress(list(codec.encode(state))))
        if offset < len(one.messages):
            apply(state, offset, *one.messages[offset])
    return held, states


def take(state: Partition, tables: Sequence[CounterTable]) -> dict[RowName, Any]:
    """The rows that a flush writes; one that is all zero is as good as none."""
    return {
        (name, row.key, row.generation): (tuple(row.values), tuple(map(repr, map(sorted_bins, row.bins))))
        if any(row.values) or any(row.bins)
        else None
        for name in [table.name for table in tables]
        for row in state.book.tables[name].take_dirty()
    }


def sorted_bins(bins: dict[int, int]) -> list[tuple[int, int]]:
    return sorted(bins.items())
