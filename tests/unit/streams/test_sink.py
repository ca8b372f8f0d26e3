"""What a worker's way to the warehouse survives, and what it says of it."""

import asyncio
import logging

import pytest

from runtime.clock import SystemClock
from runtime.errors import WarehouseAwayError, WarehouseRefusedError
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from streams.partition import Partition
from streams.sink import Flush, Sink
from tests.contracts.memory_warehouse import MemoryWarehouse
from tests.unit.streams.test_takeover import checkpoint_of

RULES = FoldRules()
A_DROP_IS_DUE = 16


class CannotDrop(MemoryWarehouse):
    """A warehouse that takes everything and drops nothing."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def drop_old_checkpoints(self, source_epoch, partition):
        raise self.error


@pytest.mark.parametrize(
    "error", [WarehouseRefusedError("Not enough privileges"), WarehouseAwayError("gone")]
)
def test_old_checkpoints_that_cannot_be_dropped_stay_and_end_no_worker(error, caplog):
    """A user without ALTER DELETE ended every worker at its 16th checkpoint, over and over."""
    sink = Sink(CannotDrop(error), WorkerSettings(), SystemClock())
    flush = Flush(checkpoint=lambda: checkpoint_of(Partition(RULES), RULES))

    async def write():
        return [await sink.write(flush) for _ in range(A_DROP_IS_DUE)]

    with caplog.at_level(logging.WARNING):
        written = asyncio.run(write())
    assert len(written) == A_DROP_IS_DUE
    assert caplog.messages == [f"old checkpoints are dropped later: {error}"]


def test_what_the_warehouse_refuses_is_not_tried_again():
    """It says no, and will say it again: the process stops, rather than try for ever."""

    class Refuses(MemoryWarehouse):
        def write_checkpoint(self, checkpoint):
            self.calls.append(checkpoint)
            raise WarehouseRefusedError("Unknown table")

    warehouse = Refuses()
    sink = Sink(warehouse, WorkerSettings(), SystemClock())
    with pytest.raises(WarehouseRefusedError, match="Unknown table"):
        asyncio.run(sink.write(Flush(checkpoint=lambda: checkpoint_of(Partition(RULES), RULES))))
    assert len(warehouse.calls) == 1
