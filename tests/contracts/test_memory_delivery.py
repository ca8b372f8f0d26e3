import pytest

from runtime.settings import CollectorSettings
from tests.contracts.delivery import BUFFER_MB, DeliveryContract
from tests.contracts.memory_delivery import MemoryDelivery


class TestMemoryDelivery(DeliveryContract):
    @pytest.fixture
    def delivery(self):
        return MemoryDelivery(CollectorSettings(buffer_mb=BUFFER_MB))

    @pytest.fixture
    def away(self, delivery):
        delivery.away = True
        return delivery

    def log(self, delivery):
        return dict(delivery.log)
