"""What every way of delivering lines must do: run on the one in memory and on the real broker.

A subclass gives two fixtures: `delivery`, open and ready, which may have 4 KB under way, and `away`, open,
whose log does not answer; and `log(delivery)`: the lines of each partition in the order of the log.
"""

import asyncio

import pytest

from producers.collector.answers import Refused
from producers.partitioning import partition_of

BUFFER_MB = 4 / 1024


def lines_of(viewer, count):
    return [(viewer, f'{{"viewer_id":"{viewer}","no":{number}}}'.encode()) for number in range(count)]


async def deliver(delivery, lines):
    await delivery.deliver(list(lines), sum(len(line) for _, line in lines))


def refusal_of(refused):
    return refused.value.status, refused.value.code, refused.value.retry_after_s


class DeliveryContract:
    """One class of tests for all of them."""

    async def test_what_was_delivered_is_in_the_log_once_in_the_partition_of_its_viewer(self, delivery):
        lines = [line for viewer in ("a", "b", "c") for line in lines_of(viewer, 5)]
        await deliver(delivery, lines)
        expected = {}
        for viewer, line in lines:
            expected.setdefault(partition_of(viewer, delivery.partitions), []).append(line)
        assert self.log(delivery) == expected

    async def test_requests_at_once_all_come_through_and_each_keeps_its_order(self, delivery):
        requests = [lines_of(f"viewer-{number}", 5) for number in range(10)]
        await asyncio.gather(*(deliver(delivery, lines) for lines in requests))
        found = [line for lines in self.log(delivery).values() for line in lines]
        assert len(found) == 50
        for lines in requests:
            mine = {line for _, line in lines}
            assert [line for line in found if line in mine] == [line for _, line in lines]

    async def test_nothing_is_under_way_once_all_is_acknowledged(self, delivery):
        await deliver(delivery, lines_of("a", 5))
        assert delivery.bytes_under_way == 0
        assert delivery.is_ready

    async def test_more_than_may_be_under_way_is_refused_at_once_and_not_sent(self, delivery):
        with pytest.raises(Refused) as refused:
            await deliver(delivery, [("a", b"x" * 5_000)])
        assert refusal_of(refused) == (503, "busy", 2)
        assert self.log(delivery) == {}
        await deliver(delivery, lines_of("a", 1))

    async def test_a_log_that_is_away_refuses_at_once(self, away):
        assert not away.is_ready
        with pytest.raises(Refused) as refused:
            await deliver(away, lines_of("a", 1))
        assert refusal_of(refused) == (503, "broker_away", 2)
