"""What `cliffhanger refold` does: folds a range of the log beside the true tables, compares, swaps."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from rich.table import Table

from cliffhanger.terminal import Counting, counting_bar, say, show
from runtime.clock import SystemClock
from runtime.errors import SettingsError
from runtime.settings import Settings
from streams.log import LogReader
from streams.refold import Start, refold, start_at, state_of
from warehouse.checkpoints import Checkpoint
from warehouse.client import Connection
from warehouse.epochs import read_epochs
from warehouse.inventory import Inventory, Stored
from warehouse.shadow import SUFFIX, Range, Shadow
from warehouse.writer import Writer


class Nothing:
    """Shadow tables that are not there yet."""

    def stored(self) -> list[Stored]:
        """No checkpoints."""
        return []

    def load(self, stored: Stored) -> Checkpoint | None:
        """None of them."""
        del stored
        return None


class Job(NamedTuple):
    """A partition that is folded once more: from where, and up to which offset."""

    partition: int
    start: Start
    end: int


def run_refold(
    settings: Settings,
    partitions: Iterable[int],
    *,
    begin: int | None,
    end: int | None,
    swap: bool,
    dry_run: bool,
) -> bool:
    """Fold partitions once more and compare; with `swap`, put what differs in place.

    Return whether the true tables are, in the end, as the log says; then the shadow tables go. Otherwise
    they stay, to be looked at, and for a call with `swap` that need not fold again.
    """
    shadow = Shadow(settings.clickhouse)
    try:
        with LogReader(settings.kafka) as log:
            if not dry_run:
                shadow.make()
            shadow_is_there = shadow.is_there()
            jobs = list(_jobs(settings, log, list(partitions), begin, end, shadow_is_there))
            _tell(jobs)
            if dry_run:
                return True
            wrong = [job.partition for job in jobs if not _do(settings, shadow, log, job, swap=swap)]
        if not wrong:
            shadow.drop()
        return not wrong
    finally:
        shadow.close()


def _jobs(
    settings: Settings,
    log: LogReader,
    partitions: list[int],
    begin: int | None,
    end: int | None,
    shadowed: bool,
) -> Iterator[Job]:
    worker = settings.worker
    begins, ends = log.begins(), log.ends()
    unknown = sorted(set(partitions) - set(begins))
    if unknown:
        raise SettingsError(f"--partition {unknown[0]}: the log has {len(begins)}")
    connection = Connection(settings.clickhouse)
    true = Inventory(settings.clickhouse, worker.source_epoch)
    shadow = Inventory(settings.clickhouse, worker.source_epoch, suffix=SUFFIX)
    try:
        noted = read_epochs(connection, worker.source_epoch)
        left = shadow if shadowed else Nothing()
        for partition in sorted(partitions or begins):
            until = ends[partition] if end is None else min(end, ends[partition])
            start = start_at(
                true, left, partition=partition, begin=begin, log_begins=begins[partition],
                epoch=worker.logic_epoch, noted=noted,
            )  # fmt: skip
            yield Job(partition, start, max(until, start.offset))
    finally:
        for each in (connection, true, shadow):
            each.close()


def _do(settings: Settings, shadow: Shadow, log: LogReader, job: Job, *, swap: bool) -> bool:
    worker, partition = settings.worker, job.partition
    if not job.start.resumes:
        shadow.clear(worker.source_epoch, worker.logic_epoch, partition)
    writer = Writer(settings.clickhouse, suffix=SUFFIX)
    try:
        with counting_bar(f"partition {partition}", job.end - job.start.offset) as bar:
            state = refold(
                state_of(job.start, settings.fold), job.start, partition,
                log.read(partition, job.start.offset, job.end), writer, worker, settings.fold, SystemClock(),
                _moved(bar, job),
            )  # fmt: skip
    finally:
        writer.close()
    over = Range(
        worker.source_epoch, worker.logic_epoch, partition, job.start.generation, state.book.generation
    )
    if swap:
        swapped = shadow.swap(over, state.next_offset)
        say(f"partition {partition}: {swapped} rows were put in place")
    return _compare(shadow, over)


def _compare(shadow: Shadow, over: Range) -> bool:
    table = Table("table", "same", "other value", "missing", "too many", box=None, pad_edge=False)
    found = shadow.compare(over)
    for name, difference in found.items():
        table.add_row(name, *map(str, difference))
    say(f"partition {over.partition}, generations {over.begin} up to {over.end}, which is still open:")
    show(table)
    return not any(difference.wrong for difference in found.values())


def _tell(jobs: list[Job]) -> None:
    for partition, start, end in jobs:
        where = "goes on at" if start.resumes else "begins at"
        say(
            f"partition {partition}: {where} offset {start.offset}, folds {end - start.offset} offsets up to "
            f"{end}; rows of generations from {start.generation} on come out whole"
        )


def _moved(bar: Counting, job: Job) -> Callable[[int], None]:
    return lambda offset: bar.reach(offset - job.start.offset)
