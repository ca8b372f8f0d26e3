"""The stack as one thing: up, up again, down, and back after a crash."""

import dataclasses
import socket
import threading
from contextlib import contextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from clickhouse_driver import Client
from clickhouse_driver.errors import SocketTimeoutError

from devstack import DevStack, DevStackError, PortTakenError, free_ports
from devstack.ports import is_free
from devstack.process import wait_until

TOPIC = "survivors"


@pytest.fixture(autouse=True)
def up_again(stack):
    """Leave the stack running for the next test, whatever this one did to it."""
    yield
    stack.up()


def execute(stack, *args):
    with Client(stack.clickhouse_host, port=stack.clickhouse_port) as client:
        return client.execute(*args)


async def publish(stack, value):
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap)
    await producer.start()
    await producer.send_and_wait(TOPIC, value)
    await producer.stop()


async def first_message(stack):
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=stack.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    message = await consumer.getone()
    await consumer.stop()
    return message.value


def test_up_on_a_running_stack_keeps_its_processes(stack):
    before = [service.pid for service in stack.services]
    stack.up()
    assert [service.pid for service in stack.services] == before


def test_another_program_finds_the_running_stack_and_says_so(stack):
    said = []
    other = DevStack(stack.home, stack.ports, say=said.append)
    other.up()
    assert [status.pid for status in other.status()] == [service.pid for service in stack.services]
    assert said == [
        f"clickhouse runs already at 127.0.0.1:{stack.ports.clickhouse}",
        f"kafka runs already at 127.0.0.1:{stack.ports.kafka}",
    ]


def test_a_running_stack_is_not_looked_for_on_other_ports(stack):
    with pytest.raises(DevStackError, match="take the stack down first"):
        DevStack(stack.home, free_ports()).up()


def test_a_running_stack_keeps_its_data(stack):
    with pytest.raises(DevStackError, match="take the stack down first"):
        stack.wipe()


async def test_killed_services_are_noticed_and_mended_and_keep_what_they_acknowledged(stack, database):
    await publish(stack, b"message")
    execute(stack, f"CREATE TABLE {database}.t (a UInt64) ENGINE = MergeTree ORDER BY a")
    execute(stack, f"INSERT INTO {database}.t VALUES", [(7,)])
    for service in stack.services:
        service.kill()
        assert [(s.name, s.pid) for s in stack.status() if s.crashed] == [(service.name, None)]
        with pytest.raises(DevStackError, match=f"{service.name} has died"):
            stack.watch(threading.Event(), every_s=0.01)
        stack.up()
        assert all(status.running for status in stack.status())
    assert execute(stack, f"SELECT a FROM {database}.t") == [(7,)]
    assert await first_message(stack) == b"message"


def test_down_ends_what_runs_and_can_be_repeated(stack, database):
    execute(stack, f"CREATE TABLE {database}.t (a UInt64) ENGINE = MergeTree ORDER BY a")
    execute(stack, f"INSERT INTO {database}.t VALUES", [(7,)])
    with endless_query(stack):
        stack.down()
    stack.down()
    assert [(status.running, status.crashed) for status in stack.status()] == [(False, False)] * 2
    assert all(is_free(port) for port in dataclasses.astuple(stack.ports))
    assert "Traceback" not in stack.clickhouse.process.log_tail(lines=100)
    stack.up()
    assert execute(stack, f"SELECT a FROM {database}.t") == [(7,)]


@contextmanager
def endless_query(stack):
    """Run a query that somebody else has to end."""

    def run():
        with pytest.raises(EOFError):
            execute(stack, "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))")

    running = threading.Thread(target=run)
    running.start()
    count = "SELECT count() FROM system.processes WHERE query LIKE '%ignore(sipHash64(number))'"
    assert wait_until(lambda: execute(stack, count) == [(1,)], timeout_s=10)
    yield
    running.join()


def test_watching_ends_when_it_is_told_to(stack):
    told = threading.Event()
    told.set()
    stack.watch(told)


def test_a_paused_service_does_not_answer_until_it_is_resumed(stack):
    stack.clickhouse.pause()
    impatient = Client(stack.clickhouse_host, port=stack.clickhouse_port, send_receive_timeout=0.2)
    with pytest.raises(SocketTimeoutError):
        impatient.execute("SELECT 1")
    stack.up()
    assert execute(stack, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("setting", ["kafka", "kafka_controller", "clickhouse", "clickhouse_http"])
def test_a_port_of_somebody_else_is_named_and_nothing_is_started(tmp_path, setting):
    ports = free_ports()
    with socket.create_server(("127.0.0.1", getattr(ports, setting))) as foreign:
        stack = DevStack(tmp_path, ports)
        with pytest.raises(PortTakenError, match=f"port {foreign.getsockname()[1]}.*{setting}=") as caught:
            stack.up()
    assert caught.value.setting == setting
    assert not any(status.running or status.crashed for status in stack.status())
