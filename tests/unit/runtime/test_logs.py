"""Log lines: the first of its kind, and no other for a while."""

import logging

import pytest

from runtime.logs import CHATTY, OncePerWhile, configure


def record(message: str, name: str = "aiokafka") -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, __file__, 1, message, None, None)


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when told to."""
    now = [100.0]
    monkeypatch.setattr("runtime.logs.time.monotonic", lambda: now[0])
    return now


def test_the_first_of_its_kind_passes_and_its_likes_wait(clock):
    once = OncePerWhile(every_s=10)
    assert once.filter(record("no broker at %s"))
    assert not once.filter(record("no broker at %s"))
    clock[0] += 9.9
    assert not once.filter(record("no broker at %s"))
    clock[0] += 0.1
    assert once.filter(record("no broker at %s"))


def test_other_loggers_and_other_messages_pass(clock):
    once = OncePerWhile()
    assert once.filter(record("no broker"))
    assert once.filter(record("no broker", "kafka"))
    assert once.filter(record("no topic"))


def test_a_worker_may_say_the_same_of_each_of_its_partitions(clock):
    """Of twelve partitions that stopped only the first was named."""
    once = OncePerWhile()
    assert all(once.filter(record("partition %d stopped: %s", "streams.app")) for _ in range(12))


def test_the_first_passes_on_a_machine_that_has_just_started(clock):
    clock[0] = 0.0
    assert OncePerWhile().filter(record("no broker"))


def test_libraries_speak_from_warnings_on():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure("DEBUG")
        assert root.level == logging.DEBUG
        assert all(any(isinstance(f, OncePerWhile) for f in h.filters) for h in root.handlers)
        assert all(logging.getLogger(name).level == logging.WARNING for name in CHATTY)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
