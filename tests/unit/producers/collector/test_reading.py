"""A body is read so far, so long, and no further."""

import asyncio

import pytest
from starlette.requests import Request

from producers.collector.answers import Refused
from producers.collector.reading import read_body, refuse_declared_length


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


async def read(messages, *, max_bytes=10, timeout_s=5.0):
    return await read_body(request_of(messages), max_bytes=max_bytes, timeout_s=timeout_s)


async def refusal(messages, **limits):
    with pytest.raises(Refused) as refused:
        await read(messages, **limits)
    return refused.value.status, refused.value.code


async def test_chunks_are_one_body():
    assert await read([chunk(b"ab"), chunk(b""), chunk(b"cd", more=False)]) == b"abcd"


async def test_the_limit_is_inside_and_nothing_past_it_is_read():
    assert await read([chunk(b"x" * 10, more=False)]) == b"x" * 10
    assert await refusal([chunk(b"x" * 10), chunk(b"x")]) == (413, "too_large")


async def test_a_body_that_does_not_come_is_not_waited_for():
    assert await refusal([chunk(b"x"), None], timeout_s=0.01) == (408, "read_timeout")


async def test_a_sender_that_hangs_up_has_sent_nothing():
    assert await refusal([chunk(b"x"), {"type": "http.disconnect"}]) == (400, "client_gone")


@pytest.mark.parametrize("declared", ["11", "1000000000000000000000000000000", "9" * 5_000])
def test_a_declared_length_past_the_limit_is_refused_unread(declared):
    with pytest.raises(Refused, match="too_large"):
        refuse_declared_length(request_of([], [("content-length", declared)]), 10)


@pytest.mark.parametrize("declared", ["10", "0", "", "-1", "ten", "\u0661\u0662"])
def test_any_other_length_is_judged_by_what_comes(declared):
    refuse_declared_length(request_of([], [("content-length", declared)]), 10)
