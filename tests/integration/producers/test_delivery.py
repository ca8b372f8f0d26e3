"""The delivery of the collector against the real broker: the contract that the one in memory is held to."""

import asyncio
from functools import partial

import pytest

from devstack import free_ports
from producers.collector.delivery import Delivery, new_link
from runtime.brokers import Brokers
from runtime.clock import SystemClock
from runtime.settings import CollectorSettings
from schemas.topics import PLAYER_EVENTS
from tests.contracts.delivery import BUFFER_MB, DeliveryContract
from tests.support.pipeline import renew_topics, wait_until
from tests.support.topic import read_lines


def made(bootstrap):
    settings, clock = CollectorSettings(buffer_mb=BUFFER_MB), SystemClock()
    delivery = Delivery(settings, partial(new_link, Brokers(bootstrap=bootstrap), settings), clock)
    delivery.bootstrap = bootstrap
    delivery.open()
    return delivery


class TestDelivery(DeliveryContract):
    @pytest.fixture
    async def delivery(self, stack):
        renew_topics(stack.bootstrap)
        delivery = made(stack.bootstrap)
        await asyncio.to_thread(wait_until, lambda: delivery.is_ready, 30)
        yield delivery
        await delivery.close()

    @pytest.fixture
    async def away(self):
        delivery = made(f"127.0.0.1:{free_ports().kafka}")
        yield delivery
        await delivery.close()

    def log(self, delivery):
        return read_lines(delivery.bootstrap, PLAYER_EVENTS.name, PLAYER_EVENTS.partitions)
