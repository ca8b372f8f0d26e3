"""A request is told that its lines are delivered when all of them are acknowledged, and never otherwise."""

import asyncio

import pytest
from kafka.errors import KafkaTimeoutError

from producers.collector.answers import Refused
from producers.collector.delivery import Delivery
from producers.partitioning import partition_of
from runtime.clock import SystemClock
from runtime.errors import BrokerAwayError
from runtime.settings import CollectorSettings
from tests.unit.producers.collector.fake_log import PARTITIONS, Link, until


def lines_of(request, count):
    return [(f"viewer-{request}-{number % 7}", b"%d of %d" % (number, request)) for number in range(count)]


async def deliver(delivery, lines):
    await delivery.deliver(list(lines), sum(len(line) for _, line in lines))


async def test_every_line_is_in_a_message_of_its_viewers_partition_in_order():
    async with Link() as link:
        requests = [lines_of(number, 40) for number in range(20)]
        await asyncio.gather(*(deliver(link.delivery, lines) for lines in requests))
        for partition in range(PARTITIONS):
            expected = [
                line
                for lines in requests
                for viewer, line in lines
                if partition_of(viewer, PARTITIONS) == partition
            ]
            assert [
                line for p, value in link.log.sent for line in value.split(b"\n") if p == partition
            ] == expected
        assert link.delivery.bytes_under_way == 0


async def test_requests_share_packs():
    async with Link(pack_age_ms=50) as link:
        await asyncio.gather(*(deliver(link.delivery, [("v", b"%d" % number)]) for number in range(100)))
        assert len(link.log.sent) == 1


async def test_a_request_waits_for_its_last_line():
    async with Link() as link:
        link.log.answers = False
        waiting = asyncio.create_task(deliver(link.delivery, lines_of(1, 30)))
        await until(lambda: len(link.log.lines) == 30)
        *most, last = link.log.open
        assert len(most) > 1
        for future in most:
            future.success(object())
        done, _ = await asyncio.wait({waiting}, timeout=0.05)
        assert not done
        last.success(object())
        await waiting


async def test_a_request_of_which_one_line_fails_is_refused():
    async with Link() as link:
        link.log.answers = False
        waiting = asyncio.create_task(deliver(link.delivery, lines_of(1, 30)))
        await until(lambda: len(link.log.lines) == 30)
        first, *others = link.log.open
        first.failure(KafkaTimeoutError("too long"))
        for future in others:
            future.success(object())
        with pytest.raises(Refused, match="broker_away"):
            async with asyncio.timeout(5):  # not when the ack timeout is over: at once
                await waiting


async def test_a_log_that_failed_is_followed_by_another():
    async with Link() as link:
        first = link.log
        first.answers = False
        waiting = asyncio.create_task(deliver(link.delivery, [("v", b"lost")]))
        await until(lambda: first.open)
        first.refuse(KafkaTimeoutError("too long"))
        with pytest.raises(Refused):
            await waiting
        await until(lambda: len(link.logs) == 2 and link.delivery.is_ready)
        await deliver(link.delivery, [("v", b"kept")])
        assert first.closed
        assert link.log.lines == [b"kept"]
        assert link.delivery.bytes_under_way == 0


async def test_no_acknowledgement_in_time_is_a_refusal_and_another_connection():
    async with Link(ack_timeout_s=0.05) as link:
        first = link.log
        first.answers = False
        with pytest.raises(Refused) as refused:
            await deliver(link.delivery, [("v", b"x")])
        assert (refused.value.status, refused.value.code) == (503, "broker_away")
        assert refused.value.retry_after_s
        await until(lambda: len(link.logs) == 2 and link.delivery.is_ready)


async def test_an_acknowledgement_that_comes_too_late_changes_nothing(caplog):
    async with Link(ack_timeout_s=0.05) as link:
        first = link.log
        first.answers = False
        with pytest.raises(Refused):
            await deliver(link.delivery, [("v", b"x")])
        await until(lambda: len(link.logs) == 2 and link.delivery.is_ready)
        first.acknowledge()
        await deliver(link.delivery, [("v", b"y")])
        assert link.delivery.bytes_under_way == 0
    assert not [record for record in caplog.records if record.name == "asyncio"]


async def test_what_is_under_way_is_bounded_and_more_is_refused_at_once():
    async with Link(buffer_mb=0.01) as link:
        link.log.answers = False
        waiting = asyncio.create_task(deliver(link.delivery, [("v", b"x" * 10_000)]))
        await until(lambda: link.log.open)
        with pytest.raises(Refused) as refused:
            await deliver(link.delivery, [("w", b"y" * 1_000)])
        assert (refused.value.status, refused.value.code) == (503, "busy")
        link.log.acknowledge()
        await waiting
        link.log.answers = True
        await deliver(link.delivery, [("w", b"y" * 1_000)])
        assert link.log.lines == [b"x" * 10_000, b"y" * 1_000]


async def test_without_a_log_every_request_is_refused():
    def away():
        raise BrokerAwayError("nobody there")

    delivery = Delivery(CollectorSettings(), away, SystemClock())
    delivery.open()
    with pytest.raises(Refused, match="broker_away"):
        await deliver(delivery, [("v", b"x")])
    assert not delivery.is_ready
    await delivery.close()


async def test_closing_refuses_whoever_still_waits():
    async with Link() as link:
        link.log.answers = False
        waiting = asyncio.create_task(deliver(link.delivery, [("v", b"x")]))
        await until(lambda: link.log.open)
    with pytest.raises(Refused):
        await waiting
    assert link.log.closed
