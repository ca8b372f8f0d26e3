"""A body is read so far, so long, and no further."""

import asyncio

import pytest
from starlette.requests import Request

from producers.collector.answers import Refused
from producers.collector.reading import Reader, refuse_declared_length
from runtime.settings import CollectorSettings

KB = 1024


def request_of(messages, headers=()):
    """A request whose messages come one by one; None is one that never comes."""
    pending = iter(messages)

    async def receive():
        message = next(pending)
        if message is None:
            await asyncio.Event().wait()
        return message

    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "headers": encoded}, receive)


def chunk(body, *, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


def a_reader(**settings):
    """A reader of at most 1024 bytes."""
    return Reader(CollectorSettings(**{"max_body_bytes": KB} | settings))


async def read(messages, reader=None):
    return await (reader or a_reader()).read(request_of(messages))


async def refusal(messages, reader=None):
    with pytest.raises(Refused) as refused:
        await read(messages, reader)
    return refused.value.status, refused.value.code


async def test_chunks_are_one_body():
    assert await read([chunk(b"ab"), chunk(b""), chunk(b"cd", more=False)]) == b"abcd"


async def test_the_limit_is_inside_and_nothing_past_it_is_read():
    assert await read([chunk(b"x" * KB, more=False)]) == b"x" * KB
    assert await refusal([chunk(b"x" * KB), chunk(b"x")]) == (413, "too_large")


async def test_a_body_that_does_not_come_is_not_waited_for():
    assert await refusal([chunk(b"x"), None], a_reader(read_timeout_s=0.01)) == (408, "read_timeout")


async def test_a_sender_that_hangs_up_has_sent_nothing():
    assert await refusal([chunk(b"x"), {"type": "http.disconnect"}]) == (400, "client_gone")


async def test_what_comes_in_at_once_is_bounded_and_the_room_is_given_back():
    reader = a_reader(buffer_mb=1.5 / KB)
    slow = asyncio.create_task(read([chunk(b"x" * KB), None], reader))
    await asyncio.sleep(0)
    for _ in range(2):
        assert await refusal([chunk(b"y" * KB, more=False)], reader) == (503, "busy")
    slow.cancel()
    await asyncio.wait({slow})
    for _ in range(2):
        assert await read([chunk(b"y" * KB, more=False)], reader) == b"y" * KB


@pytest.mark.parametrize("declared", ["11", "1000000000000000000000000000000", "9" * 5_000])
def test_a_declared_length_past_the_limit_is_refused_unread(declared):
    with pytest.raises(Refused, match="too_large"):
        refuse_declared_length(request_of([], [("content-length", declared)]), 10)


@pytest.mark.parametrize("declared", ["10", "0", "", "-1", "ten", "\u0661\u0662"])
def test_any_other_length_is_judged_by_what_comes(declared):
    refuse_declared_length(request_of([], [("content-length", declared)]), 10)
