"""The yardstick: what ClickHouse itself takes to compute counters from the same events, beside the fold.

It parses the lines and computes once, over everything, what the fold keeps up to date: eleven counters
of one table of six. Both sides begin with nothing. It owns IO.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.live import live_stack
from benchmarks.report import Report, Table, median, ratio
from benchmarks.workload import Message, mid_stream, pack
from runtime.clock import SystemClock
from schemas.rules import FoldRules
from schemas.tables import COUNTER_TABLES, EPISODE_MINUTES
from schemas.topics import PLAYER_EVENTS
from streams.count import count_all
from streams.owned import Owned
from streams.partition import Partition
from warehouse.client import Connection

SQL = Path(__file__).parent / "sql"
COUNTERS = EPISODE_MINUTES.counters[:11]
"""Those that can be computed play by play."""
FLUSH_EVERY_S = 5.0
LINES_AN_INSERT = 50_000
QUIET_S = 0.5


def run(report: Report, *, rounds: int, quick: bool) -> None:
    """Measure and print; raise when the two sides do not come to the same sums."""
    live_viewers, events = (10_000, 60_000) if quick else (100_000, 800_000)
    report.say(f"simulating {live_viewers:,} live viewers")
    platform = mid_stream(live_viewers=live_viewers, events=events)
    messages = [*platform.early, *pack(platform.lines, 100)]
    del platform
    events = sum(message.events for message in messages)
    parse: list[float] = []
    count: list[float] = []
    ours: list[float] = []
    with live_stack(report.say) as live:
        connection = Connection(live.renew_database().clickhouse)
        pid = live.stack.clickhouse.pid
        assert pid is not None
        for name in ("lines", "play_events"):
            connection.query((SQL / f"{name}.sql").read_text())
        _load(connection, messages)
        for number in range(rounds):
            report.say(f"clickhouse: round {number + 1} of {rounds}")
            connection.query("TRUNCATE TABLE play_events")
            parse.append(_asked(connection, pid, "parse")[0])
            spent, theirs = _asked(connection, pid, "count", {"valid_play_ms": FoldRules().valid_play_ms})
            count.append(spent)
            spent, sums = _folded(messages)
            ours.append(spent)
            if theirs[:-1] != sums:
                raise RuntimeError(f"ClickHouse counts {theirs}, the fold {sums}")
        connection.close()
    report.add(_table(events, parse, count, ours))


def _load(connection: Connection, messages: Sequence[Message]) -> None:
    lines = [line.decode() for message in messages for line in message.value.split(b"\n")]
    for first in range(0, len(lines), LINES_AN_INSERT):
        connection.insert("lines", ("line",), [lines[first : first + LINES_AN_INSERT]])


def _asked(
    connection: Connection, pid: int, name: str, parameters: dict[str, int | str] | None = None
) -> tuple[float, tuple[int, ...]]:
    """Run a statement; return the CPU seconds that the engine's process took, and its one row if any."""
    SystemClock().sleep(QUIET_S)  # merges of what was written before
    before = _cpu_s(pid)
    rows = connection.query((SQL / f"{name}.sql").read_text(), parameters)
    return _cpu_s(pid) - before, tuple(rows[0]) if rows else ()


def _cpu_s(pid: int) -> float:
    """User and system time of a process and all its threads: Linux tells it for 1/100 s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _folded(messages: Sequence[Message]) -> tuple[float, tuple[int, ...]]:
    """Fold everything from nothing, rows taken every five seconds; return CPU seconds and the sums."""
    owned = [
        Owned(number, Partition(FoldRules()), fresh=True, now_s=0.0)
        for number in range(PLAYER_EVENTS.partitions)
    ]
    taken = []
    began = flushed = time.process_time()
    for number, timestamp_ms, value, _ in messages:
        one = owned[number]
        one.fold(one.state.next_offset, timestamp_ms, value)
        if time.process_time() - flushed >= FLUSH_EVERY_S:
            taken += _rows(owned)
            flushed = time.process_time()
    taken += _rows(owned)
    spent = time.process_time() - began
    columns = EPISODE_MINUTES.columns
    key, first = columns.index("version"), columns.index(COUNTERS[0])
    newest = {row[:key]: row[first : first + len(COUNTERS)] for row in taken}
    return spent, tuple(map(sum, zip(*newest.values(), strict=True)))


def _rows(owned: Sequence[Owned]) -> list[tuple[int, ...]]:
    """Count, take the rows of all tables as a worker does, and return those of `episode_minutes`."""
    found = []
    for one in owned:
        count_all(one.state)
        for table, rows in one.take_rows(COUNTER_TABLES, source_epoch=1, logic_epoch=1):
            if table is EPISODE_MINUTES:
                found += rows
    return found


def _table(events: int, parse: Sequence[float], count: Sequence[float], ours: Sequence[float]) -> Table:
    table = Table(
        f"ClickHouse as the yardstick: {events:,} events, from nothing; CPU of the process",
        ("", "CPU s", "us an event", "events/s/core", "fold takes"),
        note=f"ClickHouse computes {len(COUNTERS)} counters of episode_minutes once, at the end. The fold "
        "decodes, merges and keeps all six tables up to date. Their sums are equal, or the run fails.",
    )
    both = [a + b for a, b in zip(parse, count, strict=True)]
    for name, spent in (
        ("ClickHouse: parse the lines into a table", parse),
        ("ClickHouse: count from parsed columns", count),
        ("ClickHouse: both", both),
        ("the fold, all six tables", ours),
    ):
        table.row(
            name,
            round(median(spent), 2),
            round(1e6 * median(spent) / events, 3),
            round(events / median(spent)),
            f"{ratio(ours, spent):.2f} x" if spent is not ours else "",
        )
    return table
