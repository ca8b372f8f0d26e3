"""What a viewer costs in memory, and what a checkpoint costs to write and to load.

The state is made by the fold from events, and swept as a worker sweeps before each checkpoint. Each
figure comes from a process of its own, which ends by printing one line of JSON.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.report import Report, Table, median
from benchmarks.viewers import NOW_MS, OLDER_PLAYS, Habits, lines
from benchmarks.workload import pack
from schemas.rules import MINUTE_MS, FoldRules
from schemas.tables import COUNTER_TABLES
from schemas.topics import PLAYER_EVENTS
from streams.app import GC_THRESHOLDS
from streams.checkpoint import compress, decode, encode
from streams.checkpointing import VIEWERS_A_SLICE
from streams.cold import sweep
from streams.count import count_all
from streams.fold import apply
from streams.partition import Partition

ROOT = Path(__file__).parents[1]
EVENTS_A_MESSAGE = 500
CHECKPOINT_EVERY_MS, FLUSH_EVERY_MS = MINUTE_MS, 5_000
"""Of event time. A worker makes a checkpoint of a partition every 30 s, or as often as it can afford."""
MEMORY_LIMIT_GB, MEMORY_AIM_GB = 1.2, 0.6
CPU_LIMIT_S, STALL_LIMIT_MS = 0.5, 50
LIVE = Habits(older_plays=0, impression=False)
KINDS = {
    "one live play": LIVE,
    f"... and {OLDER_PLAYS} plays of the last hours": Habits(impression=False),
    (WHOLE := "... and one impression"): Habits(),
}


@dataclass
class Checkpoint:
    """What one checkpoint of all partitions took: CPU in seconds, the longest piece of work in ms."""

    count_s: float = 0.0
    sweep_s: float = 0.0
    encode_s: float = 0.0
    compress_s: float = 0.0
    load_s: float = 0.0
    stall_ms: float = 0.0
    stalled_by: str = ""
    size: int = 0

    def timed(self, stage: str, work: Callable[[], Any], *, stalls: bool = True) -> Any:
        """Do a piece of work that nothing interrupts, and add up what it took."""
        began = time.process_time()
        result = work()
        spent = time.process_time() - began
        setattr(self, f"{stage}_s", getattr(self, f"{stage}_s") + spent)
        if stalls and spent * 1000 > self.stall_ms:
            self.stall_ms, self.stalled_by = spent * 1000, stage
        return result


def run(report: Report, *, rounds: int, quick: bool) -> None:
    """Measure and print."""
    viewers, checkpointed = (10_000, 10_000) if quick else (1_000_000, 100_000)
    memory = Table(
        f"Memory, measured with {viewers:,} viewers over {PLAYER_EVENTS.partitions} partitions",
        ("each viewer has", "bytes a viewer", "GB a million"),
        note=f"limit {MEMORY_LIMIT_GB} GB, aim {MEMORY_AIM_GB} GB. Growth of the resident memory of a "
        "process that folded their events, flushed every five seconds of event time and swept every "
        "minute; rows of all tables included.",
    )
    some = min(viewers, 100_000)
    for kind, habits in KINDS.items():
        count = viewers if kind == WHOLE else some
        report.say(f"folding the events of {count:,} viewers: {kind}")
        grown = _in_a_process("memory", count, habits)["bytes"]
        memory.row(kind, round(grown / count), round(grown / count / 1000, 2))
    report.add(memory)
    report.say("checkpoints")
    found = [Checkpoint(**c) for c in _in_a_process("checkpoint", checkpointed, Habits(), rounds)]
    report.add(_checkpoint_table(checkpointed, found))


def _checkpoint_table(viewers: int, found: list[Checkpoint]) -> Table:
    table = Table(
        f"Checkpoint of {viewers:,} such viewers over {PLAYER_EVENTS.partitions} partitions, seconds of CPU",
        ("", "count", "sweep", "encode", "compress", "all", "longest stall, ms", "by", "MB", "load"),
        note=f"limit {CPU_LIMIT_S} s of CPU in all, no stall above {STALL_LIMIT_MS} ms. "
        "Compressing is done by a thread.",
    )
    stages = ("count_s", "sweep_s", "encode_s", "compress_s")
    worst = max(found, key=lambda c: c.stall_ms)
    table.row(
        "median",
        *(round(median([getattr(c, stage) for c in found]), 3) for stage in stages),
        round(median([sum(getattr(c, stage) for stage in stages) for c in found]), 3),
        round(median([c.stall_ms for c in found]), 1),
        worst.stalled_by,
        round(found[0].size / 1e6, 2),
        round(median([c.load_s for c in found]), 3),
    )
    return table


def build(count: int, habits: Habits) -> list[Partition]:
    """Fold the events of so many viewers; sweep every minute of event time, as checkpoints do."""
    partitions = [Partition(FoldRules()) for _ in range(PLAYER_EVENTS.partitions)]
    flushed, swept = 0, [0] * len(partitions)
    for message in pack(lines(count, habits), EVENTS_A_MESSAGE):
        partition = partitions[message.partition]
        apply(partition, partition.next_offset, message.timestamp_ms, message.value)
        if message.timestamp_ms - flushed >= FLUSH_EVERY_MS:
            flushed = message.timestamp_ms
            for each in partitions:
                flush(each)
        if message.timestamp_ms - swept[message.partition] >= CHECKPOINT_EVERY_MS:
            swept[message.partition] = message.timestamp_ms
            settle(partition)
    for each in partitions:
        settle(each)
    return partitions


def flush(partition: Partition) -> None:
    """Count and take the rows."""
    count_all(partition)
    for table in COUNTER_TABLES:
        partition.book.tables[table.name].take_dirty()


def settle(partition: Partition) -> None:
    """Flush and sweep: what a checkpoint does before it encodes."""
    flush(partition)
    for some in slices(partition):
        sweep(partition, some)


def slices(partition: Partition) -> Iterator[list[str]]:
    """Yield the viewers as the worker sweeps them."""
    viewer_ids = iter(list(partition.viewers))
    while some := list(islice(viewer_ids, VIEWERS_A_SLICE)):
        yield some


def measure_memory(count: int, habits: Habits) -> dict[str, int]:
    """Return by how much the process grew."""
    build(1_000, habits)
    before = _resident()
    partitions = build(count, habits)
    grown = _resident() - before
    return {"bytes": grown, "viewers": sum(len(p.viewers) for p in partitions)}


def measure_checkpoints(count: int, habits: Habits, rounds: int) -> list[dict[str, Any]]:
    """Return what checkpoints take, each after a heartbeat of every viewer."""
    partitions = build(count, habits)
    found = []
    for beat in range(rounds):
        _touch(partitions, NOW_MS + 10_000 + beat * 5_000)
        taken = Checkpoint()
        for partition in partitions:
            _checkpoint(partition, taken)
        found.append(asdict(taken))
    return found


def _checkpoint(partition: Partition, taken: Checkpoint) -> None:
    """Do as `Worker._checkpoint` does, and load it again."""
    taken.timed("count", lambda: count_all(partition))
    for table in COUNTER_TABLES:
        partition.book.tables[table.name].take_dirty()
    some = taken.timed("sweep", lambda: iter(list(partition.viewers)))
    while part := list(islice(some, VIEWERS_A_SLICE)):
        taken.timed("sweep", lambda part=part: sweep(partition, part))
    encoder = encode(partition)
    chunks: list[bytes] = []
    while (chunk := taken.timed("encode", lambda: next(encoder, None))) is not None:
        chunks.append(chunk)
    packed = taken.timed("compress", lambda: compress(chunks), stalls=False)
    taken.size += len(packed)
    taken.timed("load", lambda: decode(packed, partition.rules), stalls=False)


def _touch(partitions: list[Partition], at: int) -> None:
    """Let every live play beat once, by the fold, without the cost of it being measured."""
    beats = (
        (at, viewer_id, _beat(viewer_id, viewer.play.playback_id, number, at))
        for partition in partitions
        for number, (viewer_id, viewer) in enumerate(partition.viewers.items())
    )
    for message in pack(beats, EVENTS_A_MESSAGE):
        partition = partitions[message.partition]
        apply(partition, partition.next_offset, message.timestamp_ms, message.value)


def _beat(viewer_id: str, playback_id: str, number: int, at: int) -> bytes:
    event_id = f"{number:08x}-0000-4000-8000-{at % 16**12:012x}"
    played = at - NOW_MS + 5_000
    return (
        f'{{"event_type":"heartbeat","event_id":"{event_id}","occurred_at":{at},"sent_at":{at},'
        f'"received_at":{at},"playback_id":"{playback_id}","position_ms":{played},"played_ms":{played},'
        f'"watched_ms":{played},"schema_version":1,'
        f'"viewer_id":"{viewer_id}","platform":"web","environment":"production"}}'
    ).encode()


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _in_a_process(what: str, count: int, habits: Habits, rounds: int = 0) -> Any:
    arguments = json.dumps({"what": what, "count": count, "habits": habits, "rounds": rounds})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.state", arguments], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def _main() -> None:
    gc.set_threshold(*GC_THRESHOLDS)
    asked = json.loads(sys.argv[1])
    habits = Habits(*asked["habits"])
    if asked["what"] == "memory":
        found: Any = measure_memory(asked["count"], habits)
    else:
        found = measure_checkpoints(asked["count"], habits, asked["rounds"])
    print(json.dumps(found))


if __name__ == "__main__":
    _main()
