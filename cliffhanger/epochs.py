"""What `cliffhanger epoch` does: plans, asks the rooms to do it, says how it goes."""

import json

from rich.table import Table

from cliffhanger.terminal import answer, say, show
from runtime.clock import SystemClock
from runtime.settings import Settings
from streams.epochs import Plan, Step, begin, plan
from streams.log import LogReader
from warehouse.client import Connection
from warehouse.epochs import Epoch, EpochKind, is_shown, read_epochs
from warehouse.writer import Writer


def begin_epoch(settings: Settings, kind: EpochKind, *, abandons: bool, dry_run: bool) -> None:
    """Say what beginning the epoch of the settings means, and do it unless it is a dry run."""
    writer = Writer(settings.clickhouse)
    try:
        with LogReader(settings.kafka) as log:
            made = plan(writer, settings.worker, settings.fold, kind, log, abandons=abandons)
        _tell(made, settings.worker.logic_epoch)
        if made.done:
            say("nothing is left to do: start its workers")
        elif not dry_run:
            begin(writer, settings.worker, settings.fold, SystemClock(), made, _said)
            say(f"logic_epoch {settings.worker.logic_epoch} has begun: start its workers, stop the old ones")
    finally:
        writer.close()


def show_epochs(settings: Settings, *, as_json: bool) -> None:
    """Show what is noted of the epochs of the log."""
    connection = Connection(settings.clickhouse)
    try:
        noted = read_epochs(connection, settings.worker.source_epoch)
    finally:
        connection.close()
    if as_json:
        answer(json.dumps([e._asdict() | {"shown": _is_shown(noted, e)} for e in noted]))
        return
    table = _table("logic epoch", "partition", "how", "begins at", "from", "shown from", "shown")
    for e in noted:
        shown = "yes" if _is_shown(noted, e) else "not yet"
        table.add_row(
            *map(str, (e.logic_epoch, e.partition, e.kind, e.begins_at, _from(e), e.shown_from, shown))
        )
    show(table)
    if not noted:
        say("one logic epoch has counted this log, or none: there is nothing to tell apart")


def _tell(made: Plan, number: int) -> None:
    table = _table("partition", "how", "from", "viewers", "first own generation", "shown from", "to do")
    for step in made.steps:
        e = step.epoch
        to_do = (
            "nothing" if step.done else "rows and a checkpoint" if e.kind is EpochKind.CONTINUED else "note"
        )
        table.add_row(
            *map(str, (e.partition, e.kind, _from(e), step.viewers, e.begins_at, e.shown_from, to_do))
        )
    say(f"logic_epoch {number}:")
    show(table, beside=True)


def _said(step: Step) -> None:
    say(f"partition {step.epoch.partition}: ready")


def _from(epoch: Epoch) -> str:
    if not epoch.from_offset:
        return "the beginning"
    return f"epoch {epoch.from_logic_epoch} at {epoch.from_offset}"


def _is_shown(noted: list[Epoch], epoch: Epoch) -> bool:
    return is_shown(noted, epoch.logic_epoch, epoch.partition)


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False)
