"""What `cliffhanger checkpoints` does: lists what is stored, and looks into it."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from rich.table import Table

from cliffhanger.terminal import answer, say, show
from runtime.clock import Clock, SystemClock
from runtime.settings import Settings
from streams.inspection import faults_of, order_of
from streams.log import LogReader
from warehouse.inventory import Inventory, Stored, newest

MS = 1000
KIB = 1024


class Verdict(NamedTuple):
    """A checkpoint that was looked into, and what speaks against it."""

    stored: Stored
    faults: list[str]


def show_checkpoints(settings: Settings, *, all_of_them: bool, as_json: bool) -> None:
    """Show the newest checkpoint of each partition and logic epoch, or all that are stored."""
    inventory = Inventory(settings.clickhouse, settings.worker.source_epoch)
    try:
        stored = inventory.stored()
    finally:
        inventory.close()
    stored = stored if all_of_them else newest(stored, 1)
    clock = SystemClock()
    if as_json:
        answer(json.dumps([as_object(one, clock) for one in stored]))
        return
    table = Table(
        "partition", "epoch", "offset", "age", "watermark behind", "size", "viewers", "lines", "lost", "by",
        box=None, pad_edge=False,
    )  # fmt: skip
    for s in stored:
        table.add_row(
            str(s.partition), str(s.logic_epoch), f"{s.next_offset:,}", _span(age_s(s, clock)),
            _span(clock.now_ms() / MS - s.watermark_ms / MS), f"{s.size / KIB:,.0f} KiB", f"{s.viewers:,}",
            f"{s.received:,}", str(s.unaccounted), s.worker,
        )  # fmt: skip
    show(table)


def verify_checkpoints(settings: Settings, *, all_of_them: bool, as_json: bool) -> bool:
    """Look into the newest two checkpoints of each partition and logic epoch, or into all.

    Return whether nothing speaks against any of them. The newest must also have its place in the log.
    """
    inventory = Inventory(settings.clickhouse, settings.worker.source_epoch)
    try:
        stored = inventory.stored()
        verdicts = list(_verdicts(settings, inventory, stored if all_of_them else newest(stored, 2)))
    finally:
        inventory.close()
    wrong = [verdict for verdict in verdicts if verdict.faults]
    if as_json:
        clock = SystemClock()
        answer(json.dumps([as_object(v.stored, clock) | {"faults": v.faults} for v in verdicts]))
    else:
        for stored_one, faults in wrong:
            where = f"partition {stored_one.partition}, epoch {stored_one.logic_epoch}, offset "
            answer(f"{where}{stored_one.next_offset}: {'; '.join(faults)}")
    say(f"{len(verdicts)} checkpoints, {len(wrong)} with faults")
    return not wrong


def as_object(stored: Stored, clock: Clock) -> dict[str, int | float | str]:
    """A checkpoint as JSON holds it."""
    return stored._asdict() | {"age_s": round(age_s(stored, clock), 3)}


def age_s(stored: Stored, clock: Clock) -> float:
    """How long ago the warehouse took a checkpoint, seconds."""
    return (clock.now_ms() - stored.written_at_ms) / MS


def _verdicts(settings: Settings, inventory: Inventory, stored: list[Stored]) -> Iterator[Verdict]:
    with LogReader(settings.kafka) as log:
        begins, ends = log.begins(), log.ends()
    current = {(s.partition, s.next_offset) for s in newest(stored, 1) if s.logic_epoch == _latest(stored)}
    for one in stored:
        checkpoint = inventory.load(one)
        if checkpoint is None:
            continue
        faults = faults_of(checkpoint, settings.fold)
        if (one.partition, one.next_offset) in current:
            place = order_of(one.next_offset, begins.get(one.partition, 0), ends.get(one.partition, 0))
            faults += [place] if place else []
        yield Verdict(one, faults)


def _latest(stored: list[Stored]) -> int:
    return max(one.logic_epoch for one in stored)


def _span(seconds: float) -> str:
    """A span of time as a person says it."""
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:,.0f} {name}"
    return f"{seconds:.0f} s"
