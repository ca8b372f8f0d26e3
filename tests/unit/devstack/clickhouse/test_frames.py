"""Compressed frames: there and back, and what is damaged is noticed."""

import os
import struct

import pytest
from clickhouse_cityhash.cityhash import CityHash128

from devstack.clickhouse.errors import QueryError
from devstack.clickhouse.frames import compress, read_frame
from devstack.clickhouse.wire import Reader


def frame(method, payload):
    body = struct.pack("<BII", method, len(payload) + 9, len(payload)) + payload
    digest = CityHash128(body)
    return struct.pack("<QQ", digest >> 64, digest & (1 << 64) - 1) + body


@pytest.mark.parametrize("raw", [b"x", b"abc" * 1000, os.urandom((1 << 20) + 1)])
async def test_frames_return_what_went_in(raw):
    reader, whole = Reader(start=compress(raw)), b""
    while not reader.exhausted:
        whole += await read_frame(reader)
    assert whole == raw


async def test_a_frame_may_hold_its_bytes_as_they_are():
    assert await read_frame(Reader(start=frame(0x02, b"abc"))) == b"abc"


async def test_an_unknown_method_is_refused():
    with pytest.raises(QueryError, match="Unknown compression method 144"):
        await read_frame(Reader(start=frame(0x90, b"abc")))


async def test_a_damaged_frame_is_noticed():
    damaged = bytearray(compress(b"abc" * 100))
    damaged[-1] ^= 1
    with pytest.raises(QueryError, match="Checksum doesn't match"):
        await read_frame(Reader(start=bytes(damaged)))
