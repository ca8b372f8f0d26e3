"""Compressed frames: what a block travels in when the client asked for compression."""

import struct

import lz4.block
from clickhouse_cityhash.cityhash import CityHash128

from devstack.clickhouse.errors import Code, QueryError
from devstack.clickhouse.wire import Reader

_HEAD = struct.Struct("<BII")  # method, size with this head, size of what is inside
_CHECKSUM_BYTES = 16
_LZ4 = 0x82
_NONE = 0x02
_FRAME_BYTES = 1 << 20


def compress(raw: bytes) -> bytes:
    """Pack bytes into frames of at most 1 MiB, each behind its checksum."""
    view, frames = memoryview(raw), []
    for start in range(0, len(raw), _FRAME_BYTES):
        chunk = view[start : start + _FRAME_BYTES]
        packed = lz4.block.compress(chunk, store_size=False)
        body = _HEAD.pack(_LZ4, len(packed) + _HEAD.size, len(chunk)) + packed
        frames += [_checksum(body), body]
    return b"".join(frames)


async def read_frame(reader: Reader) -> bytes:
    """Read one frame and return what is inside."""
    reader.drop()
    checksum = await reader.take(_CHECKSUM_BYTES)
    head = await reader.take(_HEAD.size)
    method, size, raw_size = _HEAD.unpack(head)
    packed = await reader.take(size - _HEAD.size)
    if _checksum(head + packed) != checksum:
        raise QueryError.of(Code.CHECKSUM_DOESNT_MATCH, "Checksum doesn't match: corrupted data")
    if method == _LZ4:
        raw: bytes = lz4.block.decompress(packed, uncompressed_size=raw_size)
        return raw
    if method == _NONE:
        return packed
    raise QueryError.of(Code.UNKNOWN_COMPRESSION_METHOD, f"Unknown compression method {method}")


def _checksum(body: bytes) -> bytes:
    digest: int = CityHash128(body)
    return struct.pack("<QQ", digest >> 64, digest & (1 << 64) - 1)
