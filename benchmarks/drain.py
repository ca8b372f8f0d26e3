"""From the broker through Faust into the engine: the CPU of a whole worker process, by events a message.

A worker takes over from checkpoints in which everybody is known, and reads what has come since.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from benchmarks.live import Drained, Live, live_stack
from benchmarks.report import Report, Table, median, ratio
from benchmarks.workload import Line, Platform, mid_stream, pack
from runtime.clock import SystemClock
from runtime.settings import Settings
from streams.checkpoint import decode, encode
from streams.checkpointing import Checkpointer
from streams.owned import Owned
from warehouse.checkpoints import Checkpoint
from warehouse.reader import Reader
from warehouse.writer import Writer

LIMIT, AIM_100, AIM_500 = 150_000, 300_000, 400_000
EVENTS = 3_000_000
"""About 20 s for a worker. A drain ends with a checkpoint of every partition, which is otherwise made
twice a minute at most: of a short one it would be a fourth."""


@dataclass
class Case:
    """One packing, and what each round took."""

    events_a_message: int
    lines: Sequence[Line]
    idle: list[Drained] = field(default_factory=list)
    drained: list[Drained] = field(default_factory=list)
    orjson: list[float] = field(default_factory=list)


def run(report: Report, *, rounds: int, quick: bool) -> None:
    """Measure and print."""
    live_viewers, events, lone = (10_000, 60_000, 5_000) if quick else (100_000, EVENTS, 100_000)
    report.say(f"simulating {live_viewers:,} live viewers")
    platform = mid_stream(live_viewers=live_viewers, events=events)
    cases = [Case(100, platform.lines), Case(500, platform.lines), Case(1, platform.lines[:lone])]
    with live_stack(report.say) as live:
        for number in range(rounds):
            report.say(f"drain: round {number + 1} of {rounds}")
            for case in cases:
                _round(live, platform, case)
    report.add(_table(live_viewers, platform, cases))


def _round(live: Live, platform: Platform, case: Case) -> None:
    """Drain the log twice, each time into a fresh database: before the lines are in it, and after."""
    settings = live.renew()
    checkpoints = _checkpoints(platform, settings)
    before = live.fill(platform.early)
    _write(checkpoints, settings)
    case.idle.append(live.drain())
    _write(checkpoints, live.renew_database())
    sent = live.fill(pack(case.lines, case.events_a_message))
    case.drained.append(live.drain())
    case.orjson.append(_orjson(case.lines))
    _check(live.settings, before + sent)


def _checkpoints(platform: Platform, settings: Settings) -> list[Checkpoint]:
    """Return the checkpoints that a worker would have written after the early messages."""
    checkpointer = Checkpointer(settings.worker, settings.fold, SystemClock())
    found = []
    for number, packed in enumerate(platform.states):
        owned = Owned(number, decode(packed, settings.fold), fresh=False, now_s=0.0)
        found.append(checkpointer.row(checkpointer.facts(owned), list(encode(owned.state))))
    return found


def _write(checkpoints: Sequence[Checkpoint], settings: Settings) -> None:
    writer = Writer(settings.clickhouse)
    for checkpoint in checkpoints:
        writer.write_checkpoint(checkpoint)
    writer.close()


def _check(settings: Settings, received: int) -> None:
    """Raise when a line is missing or has no outcome: it would have cost nothing."""
    reader = Reader(settings.clickhouse)
    (ledger,) = reader.ledger()
    reader.close()
    if ledger.received != received or ledger.unaccounted:
        raise RuntimeError(f"{received:,} lines were sent: {ledger}")


def _orjson(lines: Sequence[Line]) -> float:
    loads = orjson.loads
    began = time.process_time()
    for _, _, line in lines:
        loads(line)
    return time.process_time() - began


def _table(live_viewers: int, platform: Platform, cases: Sequence[Case]) -> Table:
    size = sum(len(line) for _, _, line in platform.lines) / len(platform.lines)
    table = Table(
        f"Drain: {live_viewers:,} live viewers, events of {size:.0f} bytes, from Kafka through Faust into "
        "ClickHouse; CPU of the worker process",
        (
            "a message",
            "events",
            "CPU s",
            "start s",
            "events/s/core",
            "less start",
            "us/event",
            "orjson us",
            "ratio",
            "wall s",
        ),
        note=f"limit {LIMIT:,} events/s/core at 100 a message; aims {AIM_100:,} at 100, {AIM_500:,} at 500. "
        "Start: a process that loads the same checkpoints, finds nothing new and writes its own. "
        "Microseconds and ratio (to orjson.loads) are less it.",
    )
    for case in cases:
        events = len(case.lines)
        cpu = [drained.cpu_s for drained in case.drained]
        net = [d.cpu_s - i.cpu_s for d, i in zip(case.drained, case.idle, strict=True)]
        table.row(
            case.events_a_message,
            events,
            round(median(cpu), 2),
            round(median([idle.cpu_s for idle in case.idle]), 2),
            round(events / median(cpu)),
            round(events / median(net)),
            round(1e6 * median(net) / events, 3),
            round(1e6 * median(case.orjson) / events, 3),
            round(ratio(net, case.orjson), 2),
            round(median([drained.wall_s for drained in case.drained]), 1),
        )
    return table
