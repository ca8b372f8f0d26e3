"""Decode, merge and count the full metric set, in CPU time beside `orjson.loads` of the same bytes."""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from benchmarks.report import Report, Table, median, ratio
from benchmarks.workload import Message, Workload, steady_state, with_malformed
from schemas.rules import FoldRules
from schemas.tables import COUNTER_TABLES, EPISODE_MINUTES, PAYWALL_MINUTES, UNLOCK_MINUTES, VIEWER_DAYS
from streams.count import count_all, count_paywall
from streams.decode import decode
from streams.owned import Owned

PAYWALL_TABLES = (PAYWALL_MINUTES, UNLOCK_MINUTES)
PLAYBACK_TABLES = (EPISODE_MINUTES, VIEWER_DAYS)
PAYWALL_EVERY_S, PLAYBACK_EVERY_S = 1.0, 5.0
LIMIT, AIM = 4.0, 2.5
MALFORMED_SHARE = 0.01
STAGES = ("decode", "merge", "count", "rows", "all")


@dataclass
class Spent:
    """CPU seconds of one round, by stage."""

    total: float = 0.0
    count: float = 0.0
    rows: float = 0.0
    rows_taken: int = 0


@dataclass
class Case:
    """One line of the table: messages, what paces the counts, and what each round took."""

    name: str
    messages: list[Message]
    live: bool
    spent: list[Spent] = field(default_factory=list)
    decode: list[float] = field(default_factory=list)
    orjson: list[float] = field(default_factory=list)

    @property
    def events(self) -> int:
        """How many lines a round folds."""
        return sum(message.events for message in self.messages)


def run(report: Report, *, rounds: int, quick: bool) -> None:
    """Measure and print."""
    live_viewers, events = (20_000, 100_000) if quick else (100_000, 800_000)
    report.say(f"simulating {live_viewers:,} live viewers")
    workload = steady_state(live_viewers=live_viewers, events=events, events_a_message=100)
    dirty = with_malformed(workload.messages[: len(workload.messages) // 4], MALFORMED_SHARE)
    cases = [
        Case("at full speed", workload.messages, live=False),
        Case("at the viewers' pace", workload.messages, live=True),
        Case("1 % malformed", dirty, live=False),
    ]
    for _ in range(rounds):
        for case in cases:
            case.spent.append(_fold(workload, case.messages, live=case.live))
            case.orjson.append(_orjson(case.messages))
            case.decode.append(_decode(case.messages))
    report.add(_table(workload, cases))


def _fold(workload: Workload, messages: Sequence[Message], *, live: bool) -> Spent:
    """Fold as a worker with the whole core would: paywalls counted every second, the rest every five."""
    owned = [
        Owned(number, state, fresh=False, now_s=0.0)
        for number, state in enumerate(workload.partitions(FoldRules()))
    ]
    offsets = [one.state.next_offset for one in owned]
    for one in owned:
        one.take_rows(COUNTER_TABLES, source_epoch=1, logic_epoch=1)
    gc.collect()
    spent = Spent()
    began = paywall_at = playback_at = time.process_time()
    if live:
        paywall_at = playback_at = messages[0].timestamp_ms / 1000
    for number, timestamp_ms, value, _ in messages:
        owned[number].fold(offsets[number], timestamp_ms, value)
        offsets[number] += 1
        now = timestamp_ms / 1000 if live else time.process_time()
        if now - paywall_at >= PAYWALL_EVERY_S:
            paywall_at = now
            playback = now - playback_at >= PLAYBACK_EVERY_S
            if playback:
                playback_at = now
            _flush(owned, spent, playback=playback)
    _flush(owned, spent, playback=True)
    spent.total = time.process_time() - began
    return spent


def _flush(owned: Sequence[Owned], spent: Spent, *, playback: bool) -> None:
    began = time.process_time()
    for one in owned:
        (count_all if playback else count_paywall)(one.state)
    counted = time.process_time()
    tables = PAYWALL_TABLES + PLAYBACK_TABLES if playback else PAYWALL_TABLES
    for one in owned:
        for _, rows in one.take_rows(tables, source_epoch=1, logic_epoch=1):
            spent.rows_taken += len(rows)
    spent.count += counted - began
    spent.rows += time.process_time() - counted


def _orjson(messages: Sequence[Message]) -> float:
    """CPU seconds of `orjson.loads` of every line. Splitting is not in it."""
    spent = 0.0
    loads = orjson.loads
    for message in messages:
        lines = message.value.split(b"\n")
        began = time.process_time()
        for line in lines:
            try:
                loads(line)
            except orjson.JSONDecodeError:
                continue
        spent += time.process_time() - began
    return spent


def _decode(messages: Sequence[Message]) -> float:
    began = time.process_time()
    for message in messages:
        decode(message.value)
    return time.process_time() - began


def _table(workload: Workload, cases: Sequence[Case]) -> Table:
    table = Table(
        f"Fold: {workload.live_viewers:,} live viewers, {cases[0].events:,} events of "
        f"{workload.size / cases[0].events:.0f} bytes, 100 a message; microseconds of CPU an event",
        ("", *STAGES, "orjson.loads", "ratio", "events/s/core", "rows/event"),
        note=f"limit {LIMIT} x, aim {AIM} x. Counts and rows as the worker takes them: paywall "
        f"tables every {PAYWALL_EVERY_S:g} s, playback tables every {PLAYBACK_EVERY_S:g} s; of CPU time at "
        "full speed, of the events' time at the viewers' pace; everything once more at the end.",
    )
    for case in cases:
        each = 1e6 / case.events
        total = [spent.total for spent in case.spent]
        count = median([spent.count for spent in case.spent])
        rows = median([spent.rows for spent in case.spent])
        decoding = median(case.decode)
        merge = median(total) - decoding - count - rows
        table.row(
            case.name,
            *(round(seconds * each, 3) for seconds in (decoding, merge, count, rows, median(total))),
            round(median(case.orjson) * each, 3),
            round(ratio(total, case.orjson), 2),
            round(case.events / median(total)),
            round(case.spent[0].rows_taken / case.events, 3),
        )
    return table
