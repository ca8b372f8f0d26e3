"""A new logic epoch in mid-stream leaves the tables of the oracle under its rules."""

import pytest
from hypothesis import settings

from streams import epochs, takeover
from tests.model import warehouse
from tests.model.epochs import NewEpoch
from tests.model.schedules import first_failure

SCHEDULES = 20 * settings.default.max_examples


def test_schedules_with_a_new_epoch_end_with_the_tables_of_its_rules():
    assert first_failure(range(SCHEDULES), model=NewEpoch) is None


def _owns_only_what_changes(partition, rules):
    _TAKE_OVER(partition, rules)
    for rows in partition.book.tables.values():
        rows.take_dirty()


def _counts_nothing_anew(partition, rules):
    partition.follow(rules)
    for rows in partition.book.tables.values():
        for row in rows.open.values():
            rows.mark(row)


def _unpacks_by_the_new_rules(partition, rules):
    partition.follow(rules)
    _TAKE_OVER(partition, rules)


def _begins_at_the_offset(*arguments):
    step = _STEP(*arguments)
    return step._replace(epoch=step.epoch._replace(begins_at=step.epoch.from_offset))


def _one_key(of_epochs):
    """The table as it was: the logic epoch is not part of the key."""
    found = {}
    for table, row in of_epochs.journal:
        at = warehouse.VERSION_AT[table]
        if (table, row[:at]) not in found or found[table, row[:at]][at] < row[at]:
            found[table, row[:at]] = row
    for (table, _), row in found.items():
        yield table, row


_TAKE_OVER, _STEP = takeover.take_over, epochs._step
MUTANTS = {
    "own only the rows that change": (epochs, "take_over", _owns_only_what_changes),
    "count nothing anew": (epochs, "take_over", _counts_nothing_anew),
    "unpack by the new rules": (epochs, "take_over", _unpacks_by_the_new_rules),
    "begin at the offset, not at the open generation": (epochs, "_step", _begins_at_the_offset),
    "all epochs count": (warehouse, "counts", lambda *_, **__: True),
    "the epoch is not part of the key": (NewEpoch, "rows", staticmethod(_one_key)),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found(name, monkeypatch):
    monkeypatch.setattr(*MUTANTS[name])
    found = first_failure(range(1_000), model=NewEpoch)
    assert found is not None
    assert str(found[1]).startswith("view: wrong")
