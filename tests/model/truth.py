"""What must hold of the tables once the log is read to its end."""

from collections.abc import Callable
from typing import Any

from schemas.invariants import Invariant
from tests.model.log import Log
from tests.model.warehouse import Tables, Warehouse, newest, view
from tests.oracle.oracle import diff

Rows = Callable[[Warehouse], Any]


def hold(warehouse: Warehouse, log: Log, truth: Tables, rows: Rows = newest) -> None:
    """Hold tables, quarantined lines, the conservation law and versions against the truth."""
    wrong = diff(truth, view(warehouse, rows))
    assert wrong == [], "\n".join(["view: wrong", *wrong])
    lines = {line[:5] for line in warehouse.lines.values()}
    assert lines == log.lines, f"quarantine: {lines ^ log.lines}"
    assert set(warehouse.deletions.values()) == log.deletions, "deletions: not those met"
    for number, received in enumerate(log.received):
        newest_of = max(
            (c for _, c in warehouse.checkpoints if c.partition == number),
            key=lambda c: (c.logic_epoch, c.next_offset),
        )
        facts = (newest_of.next_offset, newest_of.received, newest_of.unaccounted)
        assert facts == (log.end(number), received, 0), f"conservation: {facts}, not {received}"
    lost = [b for b in warehouse.breaks if b.invariant is Invariant.CONSERVATION]
    assert lost == [], f"conservation: {lost}"
    assert warehouse.defects == [], "\n".join(["versions: two values", *warehouse.defects])
