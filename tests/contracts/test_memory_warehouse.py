import pytest

from runtime.errors import WarehouseAwayError
from schemas.tables import SITTINGS
from tests.contracts.memory_warehouse import MemoryWarehouse
from tests.contracts.warehouse import WarehouseContract, a_row


class TestMemoryWarehouse(WarehouseContract):
    @pytest.fixture
    def warehouse(self):
        return MemoryWarehouse()

    def latest_rows(self, warehouse, table):
        return warehouse.latest_rows(table)

    def quarantined_lines(self, warehouse):
        return warehouse.quarantined_lines()

    def met_deletions(self, warehouse):
        return warehouse.met_deletions()

    def write_checkpoint_at(self, warehouse, checkpoint, written_at_ms):
        warehouse.now_ms = written_at_ms
        warehouse.write_checkpoint(checkpoint)


def test_a_warehouse_that_is_away_takes_nothing():
    warehouse = MemoryWarehouse()
    warehouse.away = True
    with pytest.raises(WarehouseAwayError):
        warehouse.write_rows(SITTINGS, [a_row(SITTINGS)])
    warehouse.away = False
    assert warehouse.latest_rows(SITTINGS) == []


def test_a_lost_acknowledgement_is_a_write_that_happened_and_failed():
    warehouse = MemoryWarehouse()
    warehouse.lost_acknowledgements = 1
    with pytest.raises(WarehouseAwayError):
        warehouse.write_rows(SITTINGS, [a_row(SITTINGS)])
    assert warehouse.latest_rows(SITTINGS) == [a_row(SITTINGS)]
